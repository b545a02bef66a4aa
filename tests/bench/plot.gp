# SPDX-License-Identifier: Apache-2.0
# Instructions added to an operation, by what judges it: to, from the so many columns of data; given by -e.
set terminal svg size 1200,520 background "white" font "sans-serif,12"
set output to
set title "Instructions added to the bare kernel (6.1, lsm; logarithmic)"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set logscale y
set yrange [100:*]
set grid ytics
set xtics rotate by -20
set key outside right top
set datafile missing "-"
plot for [i = 2:columns] data using i:xtic(1) title columnheader(i)

# SPDX-License-Identifier: Apache-2.0
# For the comparison: what the agent of the benchmark may do, as an AppArmor profile.
profile bench /bench/r0/ops {
  capability,
  network,
  signal,
  ptrace,
  unix,
  / r,
  /** r,
  /{usr/,}{bin,sbin}/** ix,
  /{usr/,}lib/** mr,
  /bench/r0/ rw,
  /bench/r0/** rwklmix,
  deny /bench/r0/never/** rw,
  /tmp/** rw,
  /dev/** rw,
  /proc/** rw,
}

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What agents written in Python do: opening files, subprocess, asyncio with children, threads. argv[1]: folder of what is held."""
import asyncio
import subprocess
import sys
import threading

HELD = sys.argv[1]


def opened(name):
    with open(f"{HELD}/{name}", encoding="ascii") as f:
        return f.read().strip()


async def child(name):
    process = await asyncio.create_subprocess_exec("cat", f"{HELD}/{name}", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return out.decode().strip(), process.returncode


async def children():
    """Three children at once; the loop goes on while they are held."""
    ticks = 0
    work = asyncio.gather(*(child(f"py-async-{n}") for n in range(3)))
    while not work.done():
        await asyncio.sleep(0.01)
        ticks += 1
    return await work, ticks


def main():
    print("main", opened("py-main"))
    done = subprocess.run(["cat", f"{HELD}/py-sub"], capture_output=True, text=True, check=False)
    print("subprocess", done.returncode, done.stdout.strip())
    done = subprocess.run(f"cat {HELD}/py-shell; echo after", shell=True, capture_output=True, text=True, check=False)
    print("shell", done.returncode, done.stdout.split())
    results, ticks = asyncio.run(children())
    print("asyncio", results, "ticked" if ticks else "stood still")
    found = []
    threads = [threading.Thread(target=lambda n=n: found.append(opened(f"py-thread-{n}"))) for n in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("threads", sorted(found))


main()

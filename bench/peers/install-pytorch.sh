#!/usr/bin/env bash
# Installs Debian's PyTorch and OpenBLAS (as root; some hundred megabytes), and prints the command that `Ouro.Benchmarks training --pytorch` wants.
# What it prints is what we found fastest. Debian's PyTorch has no matrix products of its own, and takes whatever BLAS it meets: without OpenBLAS
# they are some twenty times slower. OpenBLAS has to share PyTorch's OpenMP threads, or the threads of one wait, busily, in the way of the other's.
# And memory has to stay with the process between steps, in large pages, or every temporary of a step is fetched from the system again.
set -euo pipefail

if [ ! -r /etc/debian_version ]; then
  echo "install-pytorch: this is for Debian and its relatives; anything that runs python3 with torch will do, on a fast BLAS." >&2
  exit 1
fi

if ! dpkg -s python3-torch libopenblas0-openmp >/dev/null 2>&1; then
  apt-get update -qq >&2
  apt-get install -y -qq --no-install-recommends python3-torch libopenblas0-openmp >&2
fi

blas=$(dpkg -L libopenblas0-openmp | grep '/libopenblas\.so\.0$' | head -n 1)
if [ -z "$blas" ]; then
  echo "install-pytorch: libopenblas0-openmp came without libopenblas.so.0." >&2
  exit 1
fi

keep=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=4294967296
echo "env LD_PRELOAD=$blas OMP_NUM_THREADS=$(nproc) GLIBC_TUNABLES=$keep /usr/bin/python3"

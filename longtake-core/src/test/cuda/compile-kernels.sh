#!/bin/sh
# Compiles every kernel for a GPU that need not be there, and says what each takes: registers, shared memory, spills.
# Needs nvcc 12 or newer. No part of the build: a machine without nvcc builds and tests all else.
#
#   compile-kernels.sh [ARCH]      e.g. compile-kernels.sh 90 (Hopper, the default)

set -eu
arch=${1:-90}
sources=$(CDPATH='' cd "$(dirname "$0")/../../main/resources/dev/longtake/nn" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# As NVRTC is asked to: C++17, no header. A warning is an error.
compile() { # SOURCE ARCH
  nvcc -gencode "arch=compute_$2,code=sm_$2" --cubin -std=c++17 -Werror all-warnings -Xptxas -v,-warn-spills,-Werror \
    -o "$out/kernels.cubin" "$sources/$1" 2>"$out/log" || {
    cat "$out/log" >&2
    exit 1
  }
  awk '
    /Compiling entry function/ { gsub("\047", ""); name = $7 }
    /stack frame/ { spills = $5 + $9 }
    /Used [0-9]+ registers/ {
      shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH) : "0 bytes smem"
      printf "%-20s %3d registers, %s, %d bytes spilled\n", name, $5, shared, spills
    }' "$out/log"
}
if [ "$arch" = 90 ]; then # as KernelLibrary does
  compile kernels.cu 90a
  compile attention.cu 90a
else
  compile kernels.cu "$arch"
fi

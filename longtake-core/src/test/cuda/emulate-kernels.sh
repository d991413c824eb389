#!/bin/sh
# Runs every kernel on the processor, thread by thread, and compares it with its formula: arithmetic, indices and
# reductions are checked where there is no GPU, speed is not. Needs a compiler for C++20.
#
#   emulate-kernels.sh

set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
source=$here/../../main/resources/dev/longtake/nn/kernels.cu
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Two conversions are instructions of a GPU, and one name is taken by the C library.
sed -e 's/asm("cvt\.rn\.bf16x2\.f32.*/out = emulation::bf16Pair(low, high);/' \
  -e 's/asm("cvt\.rn\.satfinite\.e4m3x2\.f32.*/out = emulation::e4m3Pair(low, high);/' \
  -e 's/__expf(/emulation::exponential(/g' "$source" >"$out/kernels.cu"
"${CXX:-c++}" -std=c++20 -O1 -w -pthread -I "$here/emulation" -DKERNELS="\"$out/kernels.cu\"" \
  -o "$out/check" "$here/emulation/check.cpp"
"$out/check"

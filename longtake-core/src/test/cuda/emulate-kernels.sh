#!/bin/sh
# Runs every kernel of kernels.cu on the processor, thread by thread, and compares it with its formula: arithmetic,
# indices and reductions are checked where there is no GPU, speed is not. Of attention.cu, whose products only a GPU
# has, it is how work is shared out. Needs a compiler for C++20.
#
#   emulate-kernels.sh

set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
sources=$here/../../main/resources/dev/longtake/nn
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Two conversions are instructions of a GPU, and one name is taken by the C library.
sed -e 's/asm("cvt\.rn\.bf16x2\.f32.*/out = emulation::bf16Pair(low, high);/' \
  -e 's/asm("cvt\.rn\.satfinite\.e4m3x2\.f32.*/out = emulation::e4m3Pair(low, high);/' \
  -e 's/__expf(/emulation::exponential(/g' "$sources/kernels.cu" >"$out/kernels.cu"
sed -n '/^struct Work /,/^};/p' "$sources/attention.cu" >"$out/work.cu"
"${CXX:-c++}" -std=c++20 -O1 -w -pthread -I "$here/emulation" -DKERNELS="\"$out/kernels.cu\"" \
  -DWORK="\"$out/work.cu\"" \
  -o "$out/check" "$here/emulation/check.cpp"
"$out/check"

package dev.longtake.nn;

import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.List;

/** LibTorch's operators one after the other: what every faster way is compared with. */
record PlainOps(LinearFormat format) implements FusedOps {

  @Override
  public Projection linear(Weights weights, long in, long out) {
    return format.linear(weights, in, out);
  }

  /** In eight bits, which are for inference alone, they are joined; as stored each is by itself. */
  @Override
  public Projections linears(Weights weights, List<String> names, long in, long out) {
    return format == LinearFormat.AS_STORED
        ? new Projections(
            names.stream().map(name -> linear(weights.at(name), in, out)).toList(), null)
        : format.joined(weights, names, in, out);
  }

  @Override
  public Operand operand(Tensor x) {
    return format.operand(x);
  }

  @Override
  public Operand modulated(LayerNorm norm, Tensor x, Modulation by) {
    try (var scope = Scope.open()) {
      return operand(by.apply(norm.forward(x)).to(by.shift().dtype())).keptBy(scope);
    }
  }

  @Override
  public Carried gatedThenNormed(Tensor x, Tensor branch, Modulation by, LayerNorm norm) {
    try (var scope = Scope.open()) {
      var sum = gated(x, branch, by);
      return new Carried(sum, operand(norm.forward(sum).to(branch.dtype()))).keptBy(scope);
    }
  }

  @Override
  public Carried addedThenModulated(Tensor x, Tensor branch, LayerNorm norm, Modulation by) {
    try (var scope = Scope.open()) {
      var sum = x.plus(branch);
      return new Carried(sum, modulated(norm, sum, by)).keptBy(scope);
    }
  }

  @Override
  public Tensor gated(Tensor x, Tensor branch, Modulation by) {
    return Functional.plusProduct(x, branch, by.gate());
  }

  @Override
  public Operand gelu(Projection up, Operand x) {
    try (var scope = Scope.open()) {
      return operand(Functional.gelu(up.forward(x))).keptBy(scope);
    }
  }

  @Override
  public Tensor byHead(RmsNorm norm, Tensor x, int heads) {
    try (var scope = Scope.open()) {
      return scope.keep(norm.forward(x).reshape(x.size(0), x.size(1) * x.size(2), heads, -1));
    }
  }

  @Override
  public Tensor turnedAlone(RmsNorm norm, Tensor x, int heads, Rotary rotary) {
    try (var scope = Scope.open()) {
      return scope.keep(rotary.apply(byHead(norm, x, heads)));
    }
  }

  @Override
  public Turned turned(RmsNorm norm, Tensor x, int heads, Rotary rotary) {
    try (var scope = Scope.open()) {
      var raw = byHead(norm, x, heads);
      return new Turned(scope.keep(raw), scope.keep(rotary.apply(raw)));
    }
  }

  @Override
  public void turnedInto(RmsNorm norm, Tensor x, Rotary rotary, AttentionSpan.Place place) {
    try (var scope = Scope.open()) {
      var keys = turned(norm, x, Math.toIntExact(place.turned().size(2)), rotary);
      place.turned().copyFrom(keys.turned());
      var raw = place.raw();
      if (raw != null) {
        raw.copyFrom(keys.raw());
      }
    }
  }

  @Override
  public void copyInto(Tensor x, Tensor to) {
    try (var scope = Scope.open()) {
      to.copyFrom(x.reshape(to.shape()));
    }
  }

  @Override
  public Tensor attended(Tensor q, Tensor k, Tensor v) {
    return AttentionSpan.attend(q, k, v);
  }

  @Override
  public void turnInto(Tensor raw, Rotary rotary, Tensor turned) {
    try (var scope = Scope.open()) {
      turned.copyFrom(rotary.apply(raw));
    }
  }

  @Override
  public void moveForward(Tensor memory, Tensor frames, int to, int tokens) {
    try (var scope = Scope.open()) {
      long count = frames.size(1);
      var all = memory.reshape(-1, tokens, memory.size(2), memory.size(3));
      var moved = all.gatherRows(0, frames.reshape(-1)); // read before written
      memory
          .narrow(1, (long) to * tokens, count * tokens)
          .copyFrom(moved.reshape(memory.size(0), -1, memory.size(2), memory.size(3)));
    }
  }

  @Override
  public Tensor normedSilu(ChannelNorm norm, Tensor x) {
    try (var scope = Scope.open()) {
      return scope.keep(Functional.silu(norm.forward(x)));
    }
  }

  @Override
  public void normedSiluInto(ChannelNorm norm, Biased x, Tensor out) {
    try (var scope = Scope.open()) {
      out.copyFrom(normedSilu(norm, x.whole()));
    }
  }

  @Override
  public boolean addsBiases() {
    return false;
  }

  @Override
  public Tensor summed(Biased x, Tensor other) {
    try (var scope = Scope.open()) {
      return scope.keep(x.whole().plus(other));
    }
  }
}

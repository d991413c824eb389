package dev.longtake.nn;

import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs each part without recording and remembers its inputs only; going backwards, runs it once
 * more to differentiate it (Chen et al. 2016). The activations of one part exist at a time; a pass
 * costs one more forward pass.
 *
 * <p>A part's output is a leaf, where LibTorch's own backward pass would end, so that {@link
 * #backward} takes its place:
 *
 * <pre>{@code
 * try (var pass = Recomputed.start()) {
 *   var loss = loss(model.through(pass).forward(...));
 *   pass.backward(loss);
 * }
 * }</pre>
 *
 * <p>Whatever is computed between parts, before and after them is recorded as ever. Gradients are
 * those of the direct way; on the processor in FLOAT32 bit for bit, apart from weights that are
 * used in several parts, whose gradients are added in another order. One pass, one thread.
 */
public final class Recomputed implements Passage, AutoCloseable {

  /** A part that was run. */
  private static final class Step {
    private final Part part;
    private final List<Tensor> inputs;
    private final Tensor output;
    private @Nullable Tensor gradient; // by the output, as far as it is known

    Step(Part part, List<Tensor> inputs, Tensor output) {
      this.part = part;
      this.inputs = inputs;
      this.output = output;
    }
  }

  private final List<Step> steps = new ArrayList<>();
  private final List<Tensor> owned = new ArrayList<>();
  private boolean again;

  private Recomputed() {}

  /** Nothing was run yet. */
  public static Recomputed start() {
    return new Recomputed();
  }

  @Override
  public Tensor through(Part part, Tensor... inputs) {
    if (!Gradients.recording()) {
      return part.forward(inputs);
    }
    try (var scope = Scope.open()) {
      Tensor made;
      try (var off = Gradients.off()) {
        made = own(part.forward(inputs).detach());
      }
      made.requireGradient(true);
      var kept = Arrays.stream(inputs).map(input -> own(input.alias())).toList();
      steps.add(new Step(part, kept, made));
      return scope.keep(made.alias());
    }
  }

  @Override
  public AttentionSpan lasting(AttentionSpan span) {
    if (!Gradients.recording()) {
      return span; // nothing is run again
    }
    var later = span.lasting(this::own);
    return (q, k, rawK, v) -> (again ? later : span).attend(q, k, rawK, v);
  }

  /**
   * Adds the gradient of a single number to every leaf it depends on, through all parts. Can be
   * done once.
   *
   * @throws IllegalStateException if it was done
   */
  public void backward(Tensor loss) {
    if (again) {
      throw new IllegalStateException("a pass goes backwards once; start another");
    }
    again = true;
    try (var scope = Scope.open()) {
      var ends = new Ends();
      ends.add(loss, Tensor.full(1, loss.dtype(), loss.device(), loss.shape()));
      for (int i = steps.size() - 1; i >= 0; i--) {
        backward(i, ends);
      }
      Gradients.backward(ends.roots, ends.seeds);
    }
  }

  /** What was recorded ends in these: the loss and, more and more, inputs of parts. */
  private final class Ends {
    private final List<Tensor> roots = new ArrayList<>();
    private final List<Tensor> seeds = new ArrayList<>(); // gradients by the roots

    void add(Tensor root, Tensor seed) {
      for (int i = 0; i < roots.size(); i++) {
        if (roots.get(i).isAliasOf(root)) {
          seeds.set(i, own(seeds.get(i).plus(seed)));
          return;
        }
      }
      roots.add(root);
      seeds.add(seed);
    }
  }

  /** Runs a part again and goes back through it, all that uses its output being done. */
  private void backward(int index, Ends ends) {
    var step = steps.get(index);
    try (var scope = Scope.open()) {
      Gradients.by(step.output, ends.roots, ends.seeds).ifPresent(found -> add(step, own(found)));
      if (step.gradient == null) {
        return; // the loss does not depend on it
      }
      var inputs =
          step.inputs.stream()
              .map(input -> input.detach().requireGradient(input.requiresGradient()))
              .toArray(Tensor[]::new);
      Tensor output;
      try (var on = Gradients.on()) {
        output = step.part.forward(inputs);
      }
      Gradients.backward(List.of(output), List.of(step.gradient));
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i].requiresGradient() && inputs[i].hasGradient()) {
          arrive(step.inputs.get(i), own(inputs[i].gradient()), index, ends);
        }
      }
    }
  }

  /** A gradient by an input: an earlier part's output, or an end of what was recorded. */
  private void arrive(Tensor input, Tensor gradient, int before, Ends ends) {
    steps.subList(0, before).stream()
        .filter(step -> step.output.isAliasOf(input))
        .findFirst()
        .ifPresentOrElse(step -> add(step, gradient), () -> ends.add(input, gradient));
  }

  private void add(Step step, Tensor gradient) {
    step.gradient = step.gradient == null ? gradient : own(step.gradient.plus(gradient));
  }

  private Tensor own(Tensor tensor) {
    owned.add(Scope.escape(tensor));
    return tensor;
  }

  /** Frees what was remembered. */
  @Override
  public void close() {
    owned.forEach(Tensor::close);
    owned.clear();
    steps.clear();
  }
}

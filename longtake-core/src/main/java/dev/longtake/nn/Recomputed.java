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
      var roots = new ArrayList<Tensor>();
      var seeds = new ArrayList<Tensor>();
      var one = Tensor.full(1, loss.dtype(), loss.device(), loss.shape());
      roots.add(loss);
      seeds.add(one);
      reach(loss, one, steps.size());
      for (int i = steps.size() - 1; i >= 0; i--) {
        backward(i, roots, seeds);
      }
      Gradients.backward(roots, seeds);
    }
  }

  /** Runs a part again and goes back through it; what comes from outside joins the roots. */
  private void backward(int index, List<Tensor> roots, List<Tensor> seeds) {
    var step = steps.get(index);
    if (step.gradient == null) {
      return; // the loss does not depend on it
    }
    try (var scope = Scope.open()) {
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
          arrive(step.inputs.get(i), own(inputs[i].gradient()), index, roots, seeds);
        }
      }
    }
  }

  /** A gradient by an input: of an earlier part's output, or of something made between parts. */
  private void arrive(
      Tensor input, Tensor gradient, int before, List<Tensor> roots, List<Tensor> seeds) {
    for (var step : steps.subList(0, before)) {
      if (step.output.isAliasOf(input)) {
        add(step, gradient);
        return;
      }
    }
    reach(input, gradient, before);
    for (int i = 1; i < roots.size(); i++) {
      if (roots.get(i).isAliasOf(input)) {
        seeds.set(i, own(seeds.get(i).plus(gradient)));
        return;
      }
    }
    roots.add(input);
    seeds.add(gradient);
  }

  /** Tells earlier parts what something recorded means to them. */
  private void reach(Tensor root, Tensor seed, int before) {
    var earlier = steps.subList(0, before);
    try (var scope = Scope.open()) {
      var found = Gradients.by(earlier.stream().map(step -> step.output).toList(), root, seed);
      for (int i = 0; i < found.size(); i++) {
        var step = earlier.get(i);
        found.get(i).ifPresent(gradient -> add(step, own(gradient)));
      }
    }
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

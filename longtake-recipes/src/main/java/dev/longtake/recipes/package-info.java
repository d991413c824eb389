/**
 * Complete runs as functions: what a command does, callable from Java.
 *
 * <p>A run file (YAML) is a {@link dev.longtake.recipes.TrainingRun}; {@link
 * dev.longtake.recipes.TrainModel} carries it out stage by stage, each resuming from its last
 * checkpoint, and leaves a model folder.
 *
 * <pre>{@code
 * var run =
 *     RunFiles.read(Path.of("recipes/longtake-mini.yaml"), Map.of("causal.training.seed", "3"));
 * new TrainModel(run, Device.parse("cuda"), Path.of("out/mini"), 8, watcher).run(Long.MAX_VALUE);
 * }</pre>
 */
@NullMarked
package dev.longtake.recipes;

import org.jspecify.annotations.NullMarked;

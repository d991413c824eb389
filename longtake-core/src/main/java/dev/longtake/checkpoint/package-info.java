/**
 * Weights in files: safetensors and PyTorch's {@code .pt}, read without trusting the file and
 * written tensor by tensor.
 *
 * <p>A {@link dev.longtake.checkpoint.TensorFile} is a set of named tensors behind a memory map:
 * opening one reads and checks its table of contents, and bytes are copied only when a tensor is
 * asked for. {@link dev.longtake.checkpoint.Safetensors}, {@link
 * dev.longtake.checkpoint.ShardedSafetensors} and a dict inside a {@link
 * dev.longtake.checkpoint.PtCheckpoint} all are one. A {@link dev.longtake.checkpoint.KeyMap} says
 * what we call a file's key, and {@link dev.longtake.checkpoint.CheckpointSource} joins the two
 * into what a module takes its weights from.
 *
 * <pre>{@code
 * try (var file = TrainedCheckpoint.open(Path.of("self_forcing_dmd.pt"), GENERATOR_EMA)) {
 *   var source = new CheckpointSource(file, KeyMap.unwrapping(), Dtype.BFLOAT16, device);
 *   var weights = Weights.from(source);
 *   var model = WanTransformer.load(weights, config);
 *   source.requireNothingSpare(weights); // a key nobody asked for is an error too
 * }
 * }</pre>
 *
 * <p>A file under other names or in another type is a view of it: {@link
 * dev.longtake.checkpoint.TensorFile#renamed}, {@link dev.longtake.checkpoint.TensorFile#as};
 * {@link dev.longtake.checkpoint.WanNetwork} knows what Wan's and Diffusers' files call the same
 * tensors. What is written may be larger than memory:
 *
 * <pre>{@code
 * try (var file = TensorFile.open(Path.of("model.pt"), "generator_ema")) {
 *   var plain = file.renamed(KeyMap.unwrapping()).as(Dtype.BFLOAT16);
 *   Safetensors.write(Path.of("student.safetensors"), plain, Map.of("format", "pt"));
 * }
 * }</pre>
 *
 * <p>What a file means beyond its bytes is a view as well: {@link
 * dev.longtake.checkpoint.ScaledFloat8} multiplies eight-bit weights by their scales or makes such,
 * {@link dev.longtake.checkpoint.AdaptedFile} merges a low-rank adapter. A {@link
 * dev.longtake.checkpoint.LoadReport} says from the headers whether a file fits a network.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>whatever bytes a file holds, opening and reading it gives tensors or a {@link
 *       dev.longtake.checkpoint.CheckpointException}, and runs no code of the file's choosing;
 *   <li>strict: a missing, spare or misshapen tensor is an error that names the file, the tensor
 *       and both shapes;
 *   <li>written files appear whole or not at all: temporary file, sync, atomic rename;
 *   <li>a file must not be shortened while it is open: the system answers reads of a mapped part
 *       that has gone by ending the process.
 * </ul>
 *
 * <p>Formats: <a href="https://github.com/huggingface/safetensors#format">safetensors</a>; the zip
 * layout of {@code torch.save} (PyTorch 1.6 and later) with Python's pickle in protocol 2 to 5.
 */
@NullMarked
package dev.longtake.checkpoint;

import org.jspecify.annotations.NullMarked;

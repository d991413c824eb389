/**
 * Published models as people have them: the folders of Wan 2.1 in both layouts, checkpoints that
 * were trained from them, adapters, repackaged text encoders, and presets that say how each family
 * of weights is meant to be run.
 *
 * <pre>{@code
 * var folder = PretrainedFolder.open(Path.of("wan_models/Wan2.1-T2V-1.3B"));
 * var parts =
 *     PretrainedParts.of(folder, Presets.find("self-forcing"))
 *         .with(FileRole.CHECKPOINT, Path.of("checkpoints/self_forcing_dmd.pt"))
 *         .with(FileRole.TEXT_ENCODER, Path.of("umt5-xxl-enc-fp8_e4m3fn.safetensors"));
 * System.out.println(MemoryNeeds.of(parts, 21, Dtype.BFLOAT16).total()); // before anything is loaded
 * try (var model = VideoModel.open(parts, device, Dtype.BFLOAT16)) { ... }
 * }</pre>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>sizes come from the folder's configuration files, or from the files' own headers where the
 *       published layout has no configuration; a setting that is computed otherwise here, or not
 *       known, is refused with its value;
 *   <li>what a file's tensors are called is recognised by the file, not by the folder it lies in;
 *   <li>a file that does not fit its network exactly is refused from its header, before a byte of
 *       its weights is read, and weights that are not finite are refused as they are.
 * </ul>
 */
@NullMarked
package dev.longtake.pretrained;

import org.jspecify.annotations.NullMarked;

package dev.longtake.inspect;

import dev.longtake.tensor.Dtype;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Published networks as their headers describe them, without their weights. */
final class Networks {
  private final List<TensorInfo> tensors = new ArrayList<>();

  private Networks() {}

  static TensorInfo tensor(String name, long... shape) {
    return new TensorInfo(name, Dtype.FLOAT32, Arrays.stream(shape).boxed().toList());
  }

  /** Wan's transformer of that width, feed-forward width, number of blocks and latent channels. */
  static List<TensorInfo> transformer(long dim, long ffn, int blocks, long channels) {
    var network = new Networks();
    network.layer("patch_embedding", dim, channels, 1, 2, 2);
    network.layer("text_embedding.0", dim, 4096);
    network.layer("text_embedding.2", dim, dim);
    network.layer("time_embedding.0", dim, 256);
    network.layer("time_embedding.2", dim, dim);
    network.layer("time_projection.1", 6 * dim, dim);
    for (int i = 0; i < blocks; i++) {
      var block = "blocks." + i + ".";
      network.tensors.add(tensor(block + "modulation", 1, 6, dim));
      for (var attention : List.of("self_attn.", "cross_attn.")) {
        for (var projection : List.of("q", "k", "v", "o")) {
          network.layer(block + attention + projection, dim, dim);
        }
        network.tensors.add(tensor(block + attention + "norm_q.weight", dim));
        network.tensors.add(tensor(block + attention + "norm_k.weight", dim));
      }
      network.layer(block + "norm3", dim);
      network.layer(block + "ffn.0", ffn, dim);
      network.layer(block + "ffn.2", dim, ffn);
    }
    network.tensors.add(tensor("head.modulation", 1, 2, dim));
    network.layer("head.head", 64, dim);
    return network.tensors;
  }

  /** UMT5's encoder. */
  static List<TensorInfo> textEncoder() {
    var network = new Networks();
    network.tensors.add(tensor("token_embedding.weight", 256_384, 4096));
    for (int i = 0; i < 24; i++) {
      var block = "blocks." + i + ".";
      for (var projection : List.of("q", "k", "v", "o")) {
        network.tensors.add(tensor(block + "attn." + projection + ".weight", 4096, 4096));
      }
      network.tensors.add(tensor(block + "norm1.weight", 4096));
      network.tensors.add(tensor(block + "norm2.weight", 4096));
      network.tensors.add(tensor(block + "ffn.gate.0.weight", 10_240, 4096));
      network.tensors.add(tensor(block + "ffn.fc1.weight", 10_240, 4096));
      network.tensors.add(tensor(block + "ffn.fc2.weight", 4096, 10_240));
      network.tensors.add(tensor(block + "pos_embedding.embedding.weight", 32, 64));
    }
    network.tensors.add(tensor("norm.weight", 4096));
    return network.tensors;
  }

  private void layer(String name, long... shape) {
    tensors.add(tensor(name + ".weight", shape));
    tensors.add(tensor(name + ".bias", shape[0]));
  }
}

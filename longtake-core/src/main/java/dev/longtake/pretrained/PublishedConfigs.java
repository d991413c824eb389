package dev.longtake.pretrained;

import dev.longtake.text.Umt5Config;
import dev.longtake.vae.VaeConfig;
import dev.longtake.wan.WanConfig;
import java.nio.file.Path;

/**
 * Sizes out of the configuration files that published models come with. What would be computed
 * otherwise than here is refused with its value.
 */
final class PublishedConfigs {
  /** Text tokens per prompt where a configuration does not say. */
  private static final int TEXT_LENGTH = 512;

  private PublishedConfigs() {}

  /** {@code config.json} of the original layout, a WanModel's. */
  static WanConfig wan(Path file) {
    var settings = Settings.read(file);
    settings
        .only("model_type", "\"t2v\"")
        .only("patch_size", "[1,2,2]")
        .only("window_size", "[-1,-1]")
        .only("qk_norm", "true")
        .only("cross_attn_norm", "true")
        .only("eps", "1e-6");
    int in = settings.whole("in_dim");
    settings.only("out_dim", Integer.toString(in));
    var config =
        settings.checked(
            () ->
                new WanConfig(
                    settings.whole("dim"),
                    settings.whole("ffn_dim"),
                    settings.whole("freq_dim"),
                    settings.whole("text_dim", WanConfig.T2V_1_3B.textDim()),
                    settings.whole("text_len", TEXT_LENGTH),
                    in,
                    settings.whole("num_heads"),
                    settings.whole("num_layers")));
    settings.nothingElse();
    return config;
  }

  /** {@code transformer/config.json} of the Diffusers layout, a WanTransformer3DModel's. */
  static WanConfig diffusersTransformer(Path file) {
    var settings = Settings.read(file);
    settings
        .only("patch_size", "[1,2,2]")
        .only("qk_norm", "\"rms_norm_across_heads\"")
        .only("cross_attn_norm", "true")
        .only("eps", "1e-6")
        .only("added_kv_proj_dim", "null")
        .only("image_dim", "null")
        .only("pos_embed_seq_len", "null")
        .ignoring("rope_max_seq_len");
    int in = settings.whole("in_channels");
    settings.only("out_channels", Integer.toString(in));
    int heads = settings.whole("num_attention_heads");
    var config =
        settings.checked(
            () ->
                new WanConfig(
                    heads * settings.whole("attention_head_dim"),
                    settings.whole("ffn_dim"),
                    settings.whole("freq_dim"),
                    settings.whole("text_dim"),
                    settings.whole("text_len", TEXT_LENGTH),
                    in,
                    heads,
                    settings.whole("num_layers")));
    settings.nothingElse();
    return config;
  }

  /** {@code vae/config.json} of the Diffusers layout, an AutoencoderKLWan's. */
  static VaeConfig diffusersVae(Path file) {
    var settings = Settings.read(file);
    settings
        .only("attn_scales", "[]")
        .only("is_residual", "false")
        .only("in_channels", "3")
        .only("out_channels", "3")
        .only("patch_size", "null")
        .only("decoder_base_dim", "null")
        .ignoring("dropout", "scale_factor_spatial", "scale_factor_temporal", "clip_output");
    var config =
        settings.checked(
            () ->
                new VaeConfig(
                    settings.whole("base_dim"),
                    settings.whole("z_dim"),
                    settings.wholes("dim_mult"),
                    settings.whole("num_res_blocks"),
                    settings.truths("temperal_downsample"), // the published spelling
                    settings.numbers("latents_mean"),
                    settings.numbers("latents_std")));
    settings.nothingElse();
    return config;
  }

  /**
   * {@code text_encoder/config.json} of the Diffusers layout, a UMT5EncoderModel's. It holds much
   * about the decoder and about training, which the encoder does not see.
   */
  static Umt5Config umt5(Path file) {
    var settings = Settings.read(file);
    settings
        .only("model_type", "\"umt5\"")
        .only("feed_forward_proj", "\"gated-gelu\"")
        .only("dense_act_fn", "\"gelu_new\"")
        .only("layer_norm_epsilon", "1e-6");
    int heads = settings.whole("num_heads");
    return settings.checked(
        () ->
            new Umt5Config(
                settings.whole("vocab_size"),
                settings.whole("d_model"),
                heads * settings.whole("d_kv"),
                settings.whole("d_ff"),
                heads,
                settings.whole("num_layers"),
                settings.whole("relative_attention_num_buckets"),
                settings.whole("relative_attention_max_distance")));
  }
}

package dev.longtake.rollout;

import java.util.List;

/**
 * Frames as they are made.
 *
 * @param index which chunk of the generated video, from 0
 * @param firstFrame number of its first picture since generation began
 * @param width pixels
 * @param height pixels
 * @param frames pictures, row by row, three bytes (red, green, blue) a pixel
 * @param denoiseSeconds time spent in the transformer, and reading a prompt that changed
 * @param decodeSeconds time spent decoding
 */
public record VideoChunk(
    int index,
    long firstFrame,
    int width,
    int height,
    List<byte[]> frames,
    double denoiseSeconds,
    double decodeSeconds) {

  /** Copies the list, not the pictures. */
  public VideoChunk {
    frames = List.copyOf(frames);
  }
}

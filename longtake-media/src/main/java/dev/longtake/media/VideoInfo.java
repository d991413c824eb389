package dev.longtake.media;

import java.util.Map;

/**
 * What a video file says about itself.
 *
 * @param width pixels as stored, after a recorded rotation is applied
 * @param height pixels as stored, after a recorded rotation is applied
 * @param fps mean frames per second, 0 when the file does not tell
 * @param frames number of pictures
 * @param tags the file's metadata: prompt, seed and whatever else its writer put there
 * @param complete false when the file ends in the middle of a fragment, as it may after its writer
 *     was killed or its disk was full; the frames counted here are whole
 */
public record VideoInfo(
    int width, int height, double fps, long frames, Map<String, String> tags, boolean complete) {

  public VideoInfo {
    tags = Map.copyOf(tags);
  }

  /** Playing time in seconds, 0 when the file does not tell its rate. */
  public double seconds() {
    return fps > 0 ? frames / fps : 0;
  }
}

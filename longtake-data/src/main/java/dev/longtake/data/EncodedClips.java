package dev.longtake.data;

import java.util.function.LongFunction;

/**
 * Clips that are encoded when their step comes.
 *
 * @param clips of each step, for one device; made ahead of time on other threads
 * @param encoder on this device
 * @param end what {@link #close} ends
 */
public record EncodedClips(LongFunction<ClipBatch> clips, ClipEncoder encoder, Runnable end)
    implements LatentSource {

  @Override
  public LatentBatch at(long step) {
    return encoder.encode(clips.apply(step));
  }

  @Override
  public void close() {
    end.run();
  }
}

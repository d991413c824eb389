/**
 * What people have to train from: lists of prompts, and captioned videos, as they lie or encoded
 * once and kept.
 *
 * <pre>{@code
 * var skipped = new Skipped();
 * var shape = new ClipShape(832, 480, 16, 81, Sampling.Between.NEAREST);
 * var clips = VideoClips.of(CaptionedVideo.list(List.of(Path.of("videos")), skipped), shape, skipped);
 * ClipBatch next = clips.batch(seed, cursor.at(step, rank), step); // pixels, on any thread
 * LatentBatch batch = encoder.encode(next); // what a transformer is trained on
 * }</pre>
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>What a step is trained on is a function of seed, step and rank; nothing remembers where it
 *       was.
 *   <li>A video that cannot be used is skipped, counted and named with the reason. A run ends only
 *       where nothing is left.
 *   <li>A shard is whole on disk before the index speaks of it, and the index grows by one line a
 *       shard: an encoding that was killed goes on, and a shard that was damaged is named and stays
 *       until its deletion is asked for.
 * </ul>
 */
@NullMarked
package dev.longtake.data;

import org.jspecify.annotations.NullMarked;

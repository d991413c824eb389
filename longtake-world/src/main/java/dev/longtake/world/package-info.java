/**
 * A procedural world to train and measure the memory of video models: a room seen from its centre.
 *
 * <p>The camera pans and nothing else moves. Sooner or later every view comes back, and then there
 * is exactly one right picture. A caption names the objects, the walls and the motion; the
 * pictures, signs, stains and rugs are named nowhere, so a model can show them again only if it
 * remembers them. Ground truth costs nothing: any frame at any yaw, and which objects are in it.
 *
 * <pre>{@code
 * var clip = Clip.of(Split.TRAIN.seed(7), 20 * CameraPath.FRAMES_PER_SECOND);
 * clip.caption();
 * // a red cube, a cyan sphere, a large purple cylinder and a large orange sphere
 * // in a checkered room, the camera pans right
 *
 * var footage = clip.film();
 * var rgb = new byte[footage.size().bytes()];
 * for (int frame = 0; frame < footage.frames(); frame++) {
 *   footage.frame(frame, rgb);
 * }
 * }</pre>
 *
 * <h2>From seed to pixels</h2>
 *
 * <ol>
 *   <li>{@link dev.longtake.world.World} draws a room and three to five objects; {@link
 *       dev.longtake.world.CameraPath} draws a pan. {@link dev.longtake.world.Clip} is the pair,
 *       {@link dev.longtake.world.Caption} its words.
 *   <li>{@link dev.longtake.world.Panorama} casts nine rays per pixel, once per world, into a strip
 *       that covers a whole turn.
 *   <li>{@link dev.longtake.world.Footage} cuts frames from the strip: a shifted window each.
 * </ol>
 *
 * <h2>Invariants</h2>
 *
 * <ul>
 *   <li>Everything is a pure function of its seed, bit for bit, on every machine: strict
 *       arithmetic, a generator of our own, one thread, no hash order.
 *   <li>Yaw and yaw + 360° give the same bytes.
 *   <li>Objects are vivid, all else is muted, with the bounds that {@link
 *       dev.longtake.world.Colour} states; no two objects of a world share a colour or overlap.
 *   <li>Details are a few pixels large at least and edges are soft: what is hard to remember is
 *       where things are, not how to draw them.
 *   <li>Types here are immutable and know nothing of tensors.
 * </ul>
 */
@NullMarked
package dev.longtake.world;

import org.jspecify.annotations.NullMarked;

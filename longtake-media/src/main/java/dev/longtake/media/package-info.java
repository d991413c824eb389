/**
 * Pictures and video in and out: MP4, PNG, JPEG and whatever FFmpeg decodes.
 *
 * <p>Long video is made over minutes or hours, so the writer never owes the disk more than one
 * chunk. Each {@link dev.longtake.media.Mp4Writer#write call} becomes one self-contained fragment
 * that begins with a key frame and is on disk when the call returns. {@link
 * dev.longtake.media.Mp4Writer#finish finish} then rearranges the file, without encoding anything
 * again, into the kind that every player, browser and upload form takes.
 *
 * {@snippet :
 * var tags = Map.of("prompt", "a quiet harbour at dawn", "seed", "7");
 * try (var video = Mp4Writer.open(Path.of("harbour.mp4"), new VideoFormat(832, 480, 16), tags)) {
 *   for (List<Frame> chunk : chunks) {
 *     video.write(chunk); // safe in harbour.part.mp4 from here on
 *   }
 *   video.finish(); // harbour.mp4 appears, harbour.part.mp4 goes
 * }
 * try (var frames = VideoReader.open(Path.of("harbour.mp4"), Sampling.NONE.at(16))) {
 *   frames.forEachRemaining(frame -> look(frame));
 * }
 * }
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A final name holds a whole file or what it held before, never a piece.
 *   <li>A killed process loses at most the chunk being written.
 *   <li>Memory does not grow with the length of a video, neither writing nor reading.
 *   <li>Colours are stored with the matrix that the file names (ITU-R BT.601, limited range).
 *   <li>FFmpeg is silent: what it has to say arrives as a {@link
 *       dev.longtake.media.MediaException}. This sets its log level for the whole process.
 *   <li>Files from strangers are opened as media only: playlists and scripts that name other files
 *       or network addresses are refused.
 *   <li>No AWT, no fonts and no sound library are needed; of FFmpeg, avutil, avcodec, avformat and
 *       swscale (with swresample, which avcodec links) are loaded.
 * </ul>
 *
 * <p>Writers and readers hold native memory until closed and belong to one thread at a time.
 */
@NullMarked
package dev.longtake.media;

import org.jspecify.annotations.NullMarked;

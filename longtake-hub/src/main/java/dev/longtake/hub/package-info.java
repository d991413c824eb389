/**
 * Files of hub-style model repositories, as Hugging Face's public HTTP interface and its mirrors
 * serve them.
 *
 * <pre>{@code
 * var patience = Patience.USUAL;
 * try (var hub = Hub.of(Hub.HUGGING_FACE, Optional.empty(), patience)) {
 *   var repository = new Repository("Wan-AI/Wan2.1-T2V-1.3B", "main");
 *   for (var file : hub.files(repository)) {
 *     new Download(hub, repository, folder, patience).fetch(file, bytes -> {});
 *   }
 * }
 * }</pre>
 *
 * <p>A {@link dev.longtake.hub.Hub} asks and answers, a {@link dev.longtake.hub.Download} brings
 * one file and does not let go: it resumes after a cut or a stall with a range request, and starts
 * over where the server ignores ranges.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>A file has its final name only when every byte is there and its checksum is right: SHA-256
 *       of large files, git's SHA-1 of small ones. Until then it is called {@code NAME.HASH.part},
 *       after the checksum it is to have, so that parts of two versions are never joined.
 *   <li>The token goes to the endpoint it was given for, and to no host a redirect names.
 *   <li>No name in a listing leads out of the folder that is written to.
 *   <li>What the user can mend is a {@link dev.longtake.hub.HubException} of one line.
 * </ul>
 */
@NullMarked
package dev.longtake.hub;

import org.jspecify.annotations.NullMarked;

/**
 * The {@code longtake} command: what the libraries do, from a terminal.
 *
 * <pre>
 * ./longtake generate "a red cube and a blue sphere in a brick room, the camera pans left"
 * ./longtake world --seed 7 --seconds 20
 * </pre>
 *
 * <p>A command is a class that holds its options as fields and does its work in {@code call()};
 * {@link dev.longtake.cli.Main#commandLine} lists them all. What a command says goes through a
 * {@link dev.longtake.cli.Terminal}, so tests run commands within their own process.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Results go to standard output, everything else (progress, warnings, errors) to standard
 *       error.
 *   <li>A mistake of the user costs them one line, {@code longtake: what, which value, what to do},
 *       and exit code 2; it is found before expensive work begins. What they did not cause (a
 *       server that fails or stalls, a wrong checksum of what it sent, a full disk, a fault of
 *       ours) exits with 1, an interrupted run with 130.
 *   <li>A file under its final name is whole.
 * </ul>
 */
@NullMarked
package dev.longtake.cli;

import org.jspecify.annotations.NullMarked;

package dev.longtake.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Signals of the system, below what Java makes of them. */
final class Signals {
  private static final List<Integer> TO_STOP = List.of(2, 15); // SIGINT and SIGTERM

  private Signals() {}

  /**
   * From now on a signal to stop ends the process at once, without shutdown hooks. While those run
   * Java takes no notice of any further signal. Does nothing where there is no {@code signal} in
   * the C library.
   */
  @SuppressWarnings("restricted") // as all of the command: the start script allows native access
  static void endAtOnce() {
    var linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("signal")
        .ifPresent(
            function -> {
              var type =
                  FunctionDescriptor.of(
                      ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
              var signal = linker.downcallHandle(function, type);
              for (int number : TO_STOP) {
                try {
                  var _ = (MemorySegment) signal.invokeExact(number, MemorySegment.NULL); // SIG_DFL
                } catch (Throwable e) {
                  throw new AssertionError("signal() failed for " + number, e);
                }
              }
            });
  }
}

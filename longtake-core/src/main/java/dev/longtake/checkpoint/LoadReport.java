package dev.longtake.checkpoint;

import dev.longtake.tensor.Dtype;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a file's tensors fit a network, from the headers alone: known before a byte of weights is
 * read.
 *
 * @param file where they are
 * @param tensors how many the network takes
 * @param parameters numbers in them
 * @param types what the file holds them as
 * @param missing names the network takes and the file lacks
 * @param spare keys of the file that mean nothing to the network
 * @param misshapen what has another shape, with both
 * @param passedOver keys that are deliberately none of the network's
 */
public record LoadReport(
    String file,
    int tensors,
    long parameters,
    Set<Dtype> types,
    List<String> missing,
    List<String> spare,
    List<String> misshapen,
    List<String> passedOver) {
  private static final int MOST_LISTED = 3;

  /** Copies the lists. */
  public LoadReport {
    types = Collections.unmodifiableSet(new TreeSet<>(types));
    missing = List.copyOf(missing);
    spare = List.copyOf(spare);
    misshapen = List.copyOf(misshapen);
    passedOver = List.copyOf(passedOver);
  }

  /**
   * Compares.
   *
   * @param keys what the file's keys mean
   * @param wanted the network's shapes by name, as {@link dev.longtake.nn.Weights#shapes()} gives
   */
  public static LoadReport of(TensorFile file, KeyMap keys, Map<String, List<Long>> wanted) {
    Map<String, String> found = new TreeMap<>(); // keys by name
    List<String> spare = new ArrayList<>();
    List<String> passedOver = new ArrayList<>();
    for (var key : file.names()) {
      var name = keys.name(key);
      if (name.isEmpty()) {
        passedOver.add(key);
      } else if (!wanted.containsKey(name.get()) || found.put(name.get(), key) != null) {
        spare.add(key);
      }
    }
    var missing = wanted.keySet().stream().filter(name -> !found.containsKey(name)).toList();
    List<String> misshapen = new ArrayList<>();
    var types = new TreeSet<Dtype>();
    long parameters = 0;
    for (var entry : found.entrySet()) {
      long[] shape = file.shape(entry.getValue());
      var right = wanted.getOrDefault(entry.getKey(), List.of());
      if (!right.equals(Arrays.stream(shape).boxed().toList())) {
        misshapen.add(entry.getValue() + " is " + Arrays.toString(shape) + ", not " + right);
      }
      types.add(file.dtype(entry.getValue()));
      parameters += file.count(entry.getValue());
    }
    return new LoadReport(
        file.description(), found.size(), parameters, types, missing, spare, misshapen, passedOver);
  }

  /** Whether the file is exactly what the network takes. */
  public boolean fits() {
    return missing.isEmpty() && spare.isEmpty() && misshapen.isEmpty();
  }

  /**
   * Refuses a file that is not exactly what the network takes.
   *
   * @param model what it should be, in words
   * @throws CheckpointException naming the first few tensors of each kind of fault
   */
  public LoadReport requireFit(String model) {
    if (fits()) {
      return this;
    }
    var faults = new ArrayList<String>();
    add(faults, misshapen, "of another shape");
    add(faults, missing, "missing");
    add(faults, spare, "unknown");
    throw new CheckpointException(
        file,
        "is not "
            + model
            + ": "
            + String.join("; ", faults)
            + "; choose the configuration that this file was made for");
  }

  private static void add(List<String> faults, Collection<String> names, String what) {
    if (!names.isEmpty()) {
      var listed = names.stream().limit(MOST_LISTED).map(CheckpointException::quoted).toList();
      int more = names.size() - listed.size();
      faults.add(
          names.size()
              + " "
              + what
              + " ("
              + String.join(", ", listed)
              + (more > 0 ? " and " + more + " more" : "")
              + ")");
    }
  }

  /** One line for a log. */
  @Override
  public String toString() {
    return file
        + ": "
        + tensors
        + " tensors, "
        + parameters
        + " parameters as "
        + types
        + (passedOver.isEmpty() ? "" : "; passed over " + passedOver);
  }
}

package dev.longtake.checkpoint;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a pickle, Python's stack language for object trees, as far as checkpoints need it: protocols
 * 2 to 5, the names of {@link PickleGlobal}, and no others.
 *
 * <p>What comes out: dicts as {@code Map<String, Object>}, lists and sets as {@code List}, tuples
 * as {@link Tuple}, numbers as Long, Double or BigInteger, and String, Boolean, byte arrays, {@link
 * None}, {@link PtTensor}, {@link PickleGlobal}. The same object may hang in several places, even
 * inside itself, as in Python: nothing here walks into what it builds.
 */
final class Unpickler {
  /** Python's None. */
  enum None {
    NONE
  }

  /** Python's tuple. */
  record Tuple(List<Object> items) {}

  /**
   * The bytes behind tensors.
   *
   * @param kind its type, or that the tensor knows
   */
  private record Storage(PickleGlobal.Storage kind, ZipDirectory.Region region) {}

  private final PickleBytes in;
  private final Map<String, ZipDirectory.Region> storages;
  private final Map<Long, Object> memo = new HashMap<>();
  private final Deque<List<Object>> marked = new ArrayDeque<>();
  private List<Object> stack = new ArrayList<>();

  /**
   * Prepares to read.
   *
   * @param storages the bytes of each storage by key
   */
  Unpickler(PickleBytes in, Map<String, ZipDirectory.Region> storages) {
    this.in = in;
    this.storages = storages;
  }

  /** Reads the one object that the pickle makes. */
  Object read() {
    while (true) {
      int opcode = in.u8();
      if (opcode == '.') {
        return pop();
      }
      step(opcode);
    }
  }

  /** One instruction; the characters are the opcodes of Python's pickletools. */
  private void step(int opcode) {
    switch (opcode) {
      case 0x80 -> protocol(in.u8());
      case 0x95 -> in.skip(8); // frame: a hint for buffered readers
      case '(' -> mark();
      case '0' -> pop();
      case '1' -> popMark();
      case '2' -> push(top());
      case 'N' -> push(None.NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) in.i32());
      case 'K' -> push((long) in.u8());
      case 'M' -> push((long) in.u16());
      case 0x8a -> push(in.integer(in.u8()));
      case 0x8b -> push(in.integer(in.i32()));
      case 'G' -> push(in.f64());
      case 'X' -> push(in.text(in.u32()));
      case 0x8c -> push(in.text(in.u8()));
      case 0x8d -> push(in.text(in.i64()));
      case 'U' -> push(in.text(in.u8()));
      case 'T' -> push(in.text(in.i32()));
      case 'C' -> push(in.raw(in.u8()));
      case 'B' -> push(in.raw(in.u32()));
      case '}' -> push(new LinkedHashMap<String, Object>());
      case 'd' -> push(putAll(new LinkedHashMap<>(), popMark()));
      case 's' -> setItem();
      case 'u' -> setItems();
      case ']', 0x8f -> push(new ArrayList<>());
      case 'l', 0x91 -> push(popMark());
      case 'a' -> append(List.of(pop()));
      case 'e', 0x90 -> append(popMark());
      case ')' -> push(new Tuple(List.of()));
      case 't' -> push(new Tuple(popMark()));
      case 0x85 -> pushTuple(1);
      case 0x86 -> pushTuple(2);
      case 0x87 -> pushTuple(3);
      case 'q' -> memo.put((long) in.u8(), top());
      case 'r' -> memo.put(in.u32(), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case 'h' -> push(recall(in.u8()));
      case 'j' -> push(recall(in.u32()));
      case 'c' -> push(global(in.line(), in.line()));
      case 0x93 -> stackGlobal();
      case 'R', 0x81 -> call();
      case 'b' -> build();
      case 'Q' -> push(storage());
      default -> throw in.bad("uses opcode " + opcode + ", which no checkpoint needs");
    }
  }

  private void protocol(int version) {
    if (version < 2 || version > 5) {
      throw in.bad("is of protocol " + version + ", 2 to 5 are supported");
    }
  }

  private Object global(String module, String name) {
    var full = module + "." + name;
    var allowed = PickleGlobal.ALLOWED.get(full);
    if (allowed == null) {
      throw in.bad(
          "asks for " + CheckpointException.quoted(full) + ", which is not on the allow-list",
          "refuse files you do not trust; of one you do, save the tensors alone");
    }
    return allowed;
  }

  private void stackGlobal() {
    var name = pop(String.class);
    push(global(pop(String.class), name));
  }

  private void call() {
    var arguments = new Arguments(in, pop(Tuple.class).items());
    var function = pop(PickleGlobal.Function.class);
    push(
        switch (function) {
          case ORDERED_DICT -> orderedDict(arguments);
          case SET -> arguments.get(0, List.class);
          case SIZE -> arguments.get(0, Tuple.class);
          case DEVICE -> arguments.get(0, String.class);
          case REBUILD_TENSOR -> tensor(arguments.requireAtMost(4), false);
          case REBUILD_TENSOR_V2 -> tensor(arguments.requireEmptyFrom(6), false);
          case REBUILD_TENSOR_V3 -> tensor(arguments.requireEmptyFrom(7), true);
          case REBUILD_PARAMETER, REBUILD_PARAMETER_WITH_STATE -> arguments.get(0, PtTensor.class);
        });
  }

  private Map<String, Object> orderedDict(Arguments arguments) {
    Map<String, Object> dict = new LinkedHashMap<>();
    if (arguments.size() > 0) {
      for (Object pair : arguments.get(0, List.class)) {
        var items = pair instanceof Tuple tuple ? tuple.items() : pair;
        if (!(items instanceof List<?> two) || two.size() != 2) {
          throw in.bad("builds a dict of something other than pairs");
        }
        putAll(dict, List.of(two.get(0), two.get(1)));
      }
    }
    return dict;
  }

  /** Arguments: storage, offset, shape, strides, requires gradient, hooks, then type if untyped. */
  private PtTensor tensor(Arguments arguments, boolean untyped) {
    var storage = arguments.get(0, Storage.class);
    var dtype =
        untyped
            ? arguments.get(6, PickleGlobal.Type.class).dtype()
            : storage.kind().dtype().orElseThrow(() -> in.bad("leaves a tensor without a type"));
    try {
      return PtTensor.of(
          dtype,
          arguments.get(1, Long.class),
          arguments.numbers(2),
          arguments.numbers(3),
          storage.region());
    } catch (IllegalArgumentException e) {
      throw in.bad("describes a tensor that does not fit its storage: " + e.getMessage());
    }
  }

  /** A storage's identity: 'storage', its kind, its key, its device, its number of elements. */
  private Storage storage() {
    var id = new Arguments(in, pop(Tuple.class).items());
    if (!id.get(0, String.class).equals("storage")) {
      throw in.bad("refers to something outside that is no storage");
    }
    var kind = id.get(1, PickleGlobal.Storage.class);
    var key = id.get(2, String.class);
    var region = storages.get(key);
    if (region == null) {
      throw in.bad("refers to storage " + CheckpointException.quoted(key) + ", which is not there");
    }
    if (!region.plain()) {
      throw in.bad(
          "refers to storage " + CheckpointException.quoted(key) + ", which is compressed");
    }
    long count = id.get(4, Long.class);
    int width = kind.dtype().isPresent() ? kind.dtype().get().bytes() : 1;
    if (count < 0 || count > region.length() / width) {
      throw in.bad(
          "promises "
              + count
              + " elements of "
              + width
              + " bytes in storage "
              + CheckpointException.quoted(key)
              + ", which has "
              + region.length()
              + " bytes");
    }
    return new Storage(kind, region);
  }

  /** Attributes such as a state dict's {@code _metadata} are dropped; other objects have none. */
  private void build() {
    pop();
    if (!(top() instanceof Map)) {
      throw in.bad("sets attributes of something that is no dict");
    }
  }

  private void setItem() {
    var value = pop();
    var key = pop();
    putAll(dict(), List.of(key, value));
  }

  private void setItems() {
    var items = popMark();
    putAll(dict(), items);
  }

  @SuppressWarnings("unchecked") // every map on the stack was made by this class
  private Map<String, Object> dict() {
    return top(Map.class);
  }

  private Map<String, Object> putAll(Map<String, Object> dict, List<?> items) {
    if (items.size() % 2 != 0) {
      throw in.bad("gives a key without a value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      var key =
          switch (items.get(i)) {
            case String text -> text;
            case Long number -> number.toString();
            default -> throw in.bad("uses a key that is neither text nor a whole number");
          };
      if (dict.put(key, items.get(i + 1)) != null) {
        throw in.bad("sets key " + CheckpointException.quoted(key) + " twice");
      }
    }
    return dict;
  }

  @SuppressWarnings("unchecked") // every list on the stack was made by this class
  private void append(List<Object> items) {
    top(List.class).addAll(items);
  }

  private void pushTuple(int size) {
    Object[] items = new Object[size];
    for (int i = size - 1; i >= 0; i--) {
      items[i] = pop();
    }
    push(new Tuple(List.of(items)));
  }

  private Object recall(long index) {
    var found = memo.get(index);
    if (found == null) {
      throw in.bad("recalls object " + index + ", which it never noted");
    }
    return found;
  }

  private void mark() {
    marked.push(stack);
    stack = new ArrayList<>();
  }

  private List<Object> popMark() {
    if (marked.isEmpty()) {
      throw in.bad("closes a group that it never opened");
    }
    var items = stack;
    stack = marked.pop();
    return items;
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object pop() {
    top();
    return stack.removeLast();
  }

  private <T> T pop(Class<T> type) {
    var value = top(type);
    stack.removeLast();
    return value;
  }

  private Object top() {
    return top(Object.class);
  }

  private <T> T top(Class<T> type) {
    if (stack.isEmpty()) {
      throw in.bad("takes more objects than it made");
    }
    return Arguments.cast(in, stack.getLast(), type);
  }
}

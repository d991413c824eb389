package dev.longtake.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * An array of numbers in native memory, with as many axes as its shape has sizes.
 *
 * <p>Methods return new tensors, owned by the innermost {@link Scope}; those whose name says "view"
 * or that only change the shape may share memory with this one. The few that write in place end in
 * {@code InPlace}, or are {@link #copyFrom} and {@link #fill}. Axes count from 0; negative ones
 * from the end. Confined to one thread at a time.
 */
public final class Tensor implements AutoCloseable {
  static {
    Threads.leaveBlasOne();
  }

  final org.bytedeco.pytorch.Tensor handle;

  Tensor(org.bytedeco.pytorch.Tensor handle) {
    this.handle = handle;
  }

  static Tensor op(String name, Supplier<org.bytedeco.pytorch.Tensor> body, Tensor... operands) {
    try {
      return new Tensor(body.get());
    } catch (RuntimeException e) {
      throw TensorException.of(name, e, operands);
    }
  }

  // Making

  /** Uninitialised memory. */
  public static Tensor empty(Dtype dtype, Device device, long... shape) {
    return op("empty", () -> torch.empty(shape, options(dtype, device), null));
  }

  /** Zeros. */
  public static Tensor zeros(Dtype dtype, Device device, long... shape) {
    return op("zeros", () -> torch.zeros(shape, options(dtype, device)));
  }

  /** One value everywhere. */
  public static Tensor full(double value, Dtype dtype, Device device, long... shape) {
    return op("full", () -> torch.full(shape, new Scalar(value), options(dtype, device)));
  }

  /** 0, 1, 2 and so on. */
  public static Tensor range(long count, Dtype dtype, Device device) {
    return op("range", () -> torch.arange(new Scalar(count), options(dtype, device)));
  }

  /** FLOAT32 on the processor, filled in row-major order. */
  public static Tensor of(float[] values, long... shape) {
    checkCount(values.length, shape);
    var out = empty(Dtype.FLOAT32, Device.CPU, shape);
    if (values.length > 0) { // an empty tensor has no address
      new FloatPointer(out.handle.data_ptr()).put(values);
    }
    return out;
  }

  /** INT64 on the processor, filled in row-major order. */
  public static Tensor of(long[] values, long... shape) {
    checkCount(values.length, shape);
    var out = empty(Dtype.INT64, Device.CPU, shape);
    if (values.length > 0) {
      new LongPointer(out.handle.data_ptr()).put(values);
    }
    return out;
  }

  /** BOOL on the processor, filled in row-major order. */
  public static Tensor of(boolean[] values, long... shape) {
    checkCount(values.length, shape);
    var bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return ofBytes(bytes, Dtype.BOOL, shape);
  }

  /** On the processor, from little-endian row-major bytes. */
  public static Tensor ofBytes(byte[] bytes, Dtype dtype, long... shape) {
    if (bytes.length % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          bytes.length + " bytes are no whole number of " + dtype + ", " + dtype.bytes() + " each");
    }
    checkCount(bytes.length / dtype.bytes(), shape);
    var out = empty(dtype, Device.CPU, shape);
    if (bytes.length > 0) {
      new BytePointer(out.handle.data_ptr()).put(bytes);
    }
    return out;
  }

  /**
   * On the processor, copied from native memory, such as a mapped file.
   *
   * @param address where the first little-endian element is
   */
  public static Tensor copyOf(long address, Dtype dtype, long... shape) {
    var out = empty(dtype, Device.CPU, shape);
    long bytes = out.count() * dtype.bytes();
    if (bytes > 0) {
      Pointer.memcpy(out.handle.data_ptr(), new Address(address), bytes);
    }
    return out;
  }

  /** Joined along an axis. */
  public static Tensor cat(List<Tensor> parts, int axis) {
    return op("cat", () -> torch.cat(vector(parts), axis), parts.toArray(Tensor[]::new));
  }

  /** Joined along a new axis. */
  public static Tensor stack(List<Tensor> parts, int axis) {
    return op("stack", () -> torch.stack(vector(parts), axis), parts.toArray(Tensor[]::new));
  }

  // Looking

  /** The sizes, outermost first. */
  public long[] shape() {
    long[] shape = new long[(int) handle.dim()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = handle.size(i);
    }
    return shape;
  }

  /** The size of one axis. */
  public long size(int axis) {
    return handle.size(axis);
  }

  /** How many elements lie between one entry of an axis and the next. */
  public long stride(int axis) {
    return handle.stride(axis);
  }

  /** Whether the first element's address is a multiple of so many bytes. */
  public boolean beginsAtMultipleOf(int bytes) {
    return handle.data_ptr().address() % bytes == 0;
  }

  /** Whether the elements lie in row-major order without gaps. */
  public boolean isContiguous() {
    return handle.is_contiguous();
  }

  /** How many axes there are. */
  public int rank() {
    return (int) handle.dim();
  }

  /** How many elements there are. */
  public long count() {
    return handle.numel();
  }

  /** The element type. */
  public Dtype dtype() {
    return Dtype.of(handle.scalar_type());
  }

  /** Where the elements are. */
  public Device device() {
    return Device.of(handle.device());
  }

  /** The single element, as a double; waits for the device. */
  public double item() {
    return handle.item_double();
  }

  /** All elements as FLOAT32 in row-major order; waits for the device. */
  public float[] toFloats() {
    try (var scope = Scope.open()) {
      var source = detach().to(Device.CPU).to(Dtype.FLOAT32).contiguous();
      float[] out = new float[Math.toIntExact(count())];
      if (out.length > 0) {
        new FloatPointer(source.handle.data_ptr()).get(out);
      }
      return out;
    }
  }

  /** All elements as FLOAT64 in row-major order; waits for the device. */
  public double[] toDoubles() {
    try (var scope = Scope.open()) {
      var source = detach().to(Device.CPU).to(Dtype.FLOAT64).contiguous();
      double[] out = new double[Math.toIntExact(count())];
      if (out.length > 0) {
        new DoublePointer(source.handle.data_ptr()).get(out);
      }
      return out;
    }
  }

  /** All elements as INT64 in row-major order; waits for the device. */
  public long[] toLongs() {
    try (var scope = Scope.open()) {
      var source = to(Device.CPU).to(Dtype.INT64).contiguous();
      long[] out = new long[Math.toIntExact(count())];
      if (out.length > 0) {
        new LongPointer(source.handle.data_ptr()).get(out);
      }
      return out;
    }
  }

  /** The elements' little-endian bytes in row-major order; waits for the device. */
  public byte[] toBytes() {
    try (var scope = Scope.open()) {
      var source = detach().to(Device.CPU).contiguous();
      byte[] out = new byte[Math.toIntExact(count() * dtype().bytes())];
      if (out.length > 0) {
        new BytePointer(source.handle.data_ptr()).get(out);
      }
      return out;
    }
  }

  // Arithmetic, elementwise with broadcasting

  public Tensor plus(Tensor other) {
    return op("plus", () -> handle.add(other.handle), this, other);
  }

  public Tensor plus(double number) {
    return op("plus", () -> handle.add(new Scalar(number)), this);
  }

  public Tensor minus(Tensor other) {
    return op("minus", () -> handle.sub(other.handle), this, other);
  }

  public Tensor times(Tensor other) {
    return op("times", () -> handle.mul(other.handle), this, other);
  }

  public Tensor times(double number) {
    return op("times", () -> handle.mul(new Scalar(number)), this);
  }

  public Tensor dividedBy(Tensor other) {
    return op("dividedBy", () -> handle.div(other.handle), this, other);
  }

  public Tensor dividedBy(double number) {
    return times(1 / number);
  }

  /** This where the BOOL mask is true, the other elsewhere. */
  public Tensor where(Tensor mask, Tensor other) {
    return op("where", () -> torch.where(mask.handle, handle, other.handle), this, mask, other);
  }

  /** BOOL: whether each element is smaller. */
  public Tensor lessThan(double number) {
    return op("lessThan", () -> handle.lt(new Scalar(number)), this);
  }

  public Tensor negated() {
    return op("negated", handle::neg, this);
  }

  public Tensor square() {
    return op("square", handle::square, this);
  }

  public Tensor sqrt() {
    return op("sqrt", handle::sqrt, this);
  }

  public Tensor rsqrt() {
    return op("rsqrt", handle::rsqrt, this);
  }

  public Tensor exp() {
    return op("exp", handle::exp, this);
  }

  public Tensor abs() {
    return op("abs", handle::abs, this);
  }

  public Tensor cos() {
    return op("cos", handle::cos, this);
  }

  public Tensor sin() {
    return op("sin", handle::sin, this);
  }

  public Tensor tanh() {
    return op("tanh", handle::tanh, this);
  }

  /** Limited to [low, high]. */
  public Tensor clamp(double low, double high) {
    return op(
        "clamp",
        () ->
            handle.clamp(new ScalarOptional(new Scalar(low)), new ScalarOptional(new Scalar(high))),
        this);
  }

  /** At least low. */
  public Tensor clampMin(double low) {
    return op("clampMin", () -> handle.clamp(new ScalarOptional(new Scalar(low))), this);
  }

  /** The matrix product of the last two axes, broadcast over the rest. */
  public Tensor matmul(Tensor other) {
    return op("matmul", () -> handle.matmul(other.handle), this, other);
  }

  // Reductions

  /** The mean of everything, without axes. */
  public Tensor mean() {
    return op("mean", () -> handle.mean(), this);
  }

  /** The mean over axes, which stay as size 1. */
  public Tensor mean(long... axes) {
    return op("mean", () -> handle.mean(axes, true, null), this);
  }

  /** The sum of everything, without axes. */
  public Tensor sum() {
    return op("sum", () -> handle.sum(), this);
  }

  /** The sum over axes, which stay as size 1. */
  public Tensor sum(long... axes) {
    return op("sum", () -> handle.sum(axes, true, null), this);
  }

  /** The sum of a matrix's diagonal, without axes. */
  public Tensor trace() {
    return op("trace", () -> handle.trace(), this);
  }

  /** The largest element, without axes. */
  public Tensor max() {
    return op("max", () -> handle.max(), this);
  }

  /** Whether no element is NaN or infinite; waits for the device. */
  public boolean allFinite() {
    try (var scope = Scope.open()) {
      return op("allFinite", () -> torch.isfinite(handle).all(), this).item() != 0;
    }
  }

  /** The largest element over axes, which stay as size 1. */
  public Tensor max(long... axes) {
    return op("max", () -> handle.amax(axes, true), this);
  }

  // Shape

  /** The same elements in another shape; one size may be −1. */
  public Tensor reshape(long... shape) {
    return op("reshape" + Arrays.toString(shape), () -> handle.reshape(shape), this);
  }

  /** A view with its axes in another order. */
  public Tensor permute(long... axes) {
    return op("permute" + Arrays.toString(axes), () -> handle.permute(axes), this);
  }

  /** A view with two axes swapped. */
  public Tensor transpose(int a, int b) {
    return op("transpose", () -> handle.transpose(a, b), this);
  }

  /** A view of {@code length} entries of an axis from {@code start}. */
  public Tensor narrow(int axis, long start, long length) {
    return op("narrow", () -> handle.narrow(axis, start, length), this);
  }

  /** A copy in which the given axes run backwards. */
  public Tensor flipped(long... axes) {
    return op("flipped", () -> handle.flip(axes), this);
  }

  /** A view of one entry of an axis, which goes. */
  public Tensor select(int axis, long index) {
    return op("select", () -> handle.select(axis, index), this);
  }

  /** A copy of the given entries of an axis. */
  public Tensor gatherRows(int axis, Tensor index) {
    return op("gatherRows", () -> handle.index_select(axis, index.handle), this, index);
  }

  /** A view with a new axis of size 1. */
  public Tensor unsqueeze(int axis) {
    return op("unsqueeze", () -> handle.unsqueeze(axis), this);
  }

  /** A view without an axis of size 1. */
  public Tensor squeeze(int axis) {
    return op("squeeze", () -> handle.squeeze((long) axis), this);
  }

  /** A view in which axes of size 1 repeat; −1 leaves a size. */
  public Tensor expand(long... shape) {
    return op("expand" + Arrays.toString(shape), () -> handle.expand(shape), this);
  }

  /** Equal consecutive pieces of an axis, as views. */
  public List<Tensor> chunk(int pieces, int axis) {
    long each = size(axis) / pieces;
    if (each * pieces != size(axis)) {
      throw new IllegalArgumentException(
          "axis " + axis + " of " + Arrays.toString(shape()) + " does not split in " + pieces);
    }
    return java.util.stream.IntStream.range(0, pieces)
        .mapToObj(i -> narrow(axis, i * each, each))
        .toList();
  }

  /** The same elements in row-major order, copied only if they are not. */
  public Tensor contiguous() {
    return op("contiguous", () -> handle.contiguous(), this);
  }

  /** The same elements laid out channels last (rank 4 or 5), copied only if they are not. */
  public Tensor channelsLast() {
    var format = rank() == 5 ? torch.MemoryFormat.ChannelsLast3d : torch.MemoryFormat.ChannelsLast;
    return op("channelsLast", () -> handle.contiguous(format), this);
  }

  // Type and place

  /** In another type; this very tensor's memory if it has that type. */
  public Tensor to(Dtype dtype) {
    return op("to " + dtype, () -> handle.to(dtype.scalar), this);
  }

  /**
   * On another device; this very tensor's memory if it is there. What goes to a GPU does not wait
   * for the work before it: CUDA has read ordinary memory by the time the call returns.
   */
  public Tensor to(Device device) {
    boolean ahead = handle.is_cpu() && device.kind() == Device.Kind.CUDA && !Graph.recording();
    return op(
        "to " + device,
        () ->
            handle.to(
                device.handle(), handle.scalar_type(), ahead, false, new MemoryFormatOptional()),
        this);
  }

  /** A copy of its own. */
  public Tensor copy() {
    return op("copy", () -> handle.clone(), this);
  }

  /** The same elements, cut off from the graph that computed them. */
  public Tensor detach() {
    return op("detach", () -> handle.detach(), this);
  }

  /** Another handle on this very tensor, closed on its own; gradients of one are the other's. */
  public Tensor alias() {
    return op("alias", () -> new org.bytedeco.pytorch.Tensor(handle), this);
  }

  /** Whether both are handles on one tensor. */
  public boolean isAliasOf(Tensor other) {
    return handle.is_same(other.handle);
  }

  // In place

  /** Writes the other's elements here, converting type and device. */
  public Tensor copyFrom(Tensor other) {
    op("copyFrom", () -> handle.copy_(other.handle), this, other);
    return this;
  }

  /** Writes one value everywhere. */
  public Tensor fill(double value) {
    op("fill", () -> handle.fill_(new Scalar(value)), this);
    return this;
  }

  /** Adds {@code factor · other}. */
  public Tensor plusInPlace(Tensor other, double factor) {
    op("plusInPlace", () -> handle.add_(other.handle, new Scalar(factor)), this, other);
    return this;
  }

  /** Multiplies by a number. */
  public Tensor timesInPlace(double number) {
    op("timesInPlace", () -> handle.mul_(new Scalar(number)), this);
    return this;
  }

  /** Multiplies by a tensor. */
  public Tensor timesInPlace(Tensor other) {
    op("timesInPlace", () -> handle.mul_(other.handle), this, other);
    return this;
  }

  /** Adds {@code factor · a · b}. */
  public Tensor plusProductInPlace(Tensor a, Tensor b, double factor) {
    op("plusProductInPlace", () -> handle.addcmul_(a.handle, b.handle, new Scalar(factor)), this);
    return this;
  }

  /** Adds {@code factor · a / b}. */
  public Tensor plusQuotientInPlace(Tensor a, Tensor b, double factor) {
    op("plusQuotientInPlace", () -> handle.addcdiv_(a.handle, b.handle, new Scalar(factor)), this);
    return this;
  }

  /** Moves towards another tensor by a fraction of the way. */
  public Tensor lerpInPlace(Tensor other, double fraction) {
    op("lerpInPlace", () -> handle.lerp_(other.handle, new Scalar(fraction)), this, other);
    return this;
  }

  // Differentiation

  /** Marks this leaf for gradients; returns it. */
  public Tensor requireGradient(boolean on) {
    handle.set_requires_grad(on);
    return this;
  }

  /** Whether gradients flow to or through this tensor. */
  public boolean requiresGradient() {
    return handle.requires_grad();
  }

  /** Adds the gradient of this single number to every leaf it depends on. */
  public void backward() {
    try {
      handle.backward();
    } catch (RuntimeException e) {
      throw TensorException.of("backward", e, this);
    }
  }

  /**
   * The gradient of this leaf.
   *
   * @throws IllegalStateException if no backward pass has reached it
   */
  public Tensor gradient() {
    var gradient = handle.grad();
    if (!gradient.defined()) {
      throw new IllegalStateException("no gradient on " + this);
    }
    // What LibTorch gives points into the leaf; a handle of its own outlives it.
    return new Tensor(new org.bytedeco.pytorch.Tensor(gradient));
  }

  /** Whether a backward pass has reached this leaf. */
  public boolean hasGradient() {
    return handle.grad().defined();
  }

  /** Makes the given memory this leaf's gradient, to be added to by backward passes. */
  public void gradientInto(Tensor memory) {
    handle.mutable_grad().put(memory.handle);
  }

  /** Frees this handle now; the memory goes when no view and no graph needs it. */
  @Override
  public void close() {
    handle.close();
  }

  @Override
  public String toString() {
    return "Tensor" + Arrays.toString(shape()) + " " + dtype() + " on " + device();
  }

  private static TensorOptions options(Dtype dtype, Device device) {
    return new TensorOptions(dtype.scalar).device(new DeviceOptional(device.handle()));
  }

  static TensorVector vector(List<Tensor> parts) {
    var handles = parts.stream().map(t -> t.handle).toArray(org.bytedeco.pytorch.Tensor[]::new);
    return new TensorVector(handles);
  }

  private static void checkCount(long count, long... shape) {
    long wanted = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (count != wanted) {
      throw new IllegalArgumentException(
          count + " values do not fill " + Arrays.toString(shape) + ", which holds " + wanted);
    }
  }

  /** A bare address, for copying from memory that Java or the system owns. */
  private static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }
}

package dev.longtake.tensor;

import org.bytedeco.pytorch.global.torch;

/**
 * Which of several kernels LibTorch takes for an operator on a GPU. How they are chosen holds for
 * the whole process; what was chosen for a shape, for the thread that first met it and for good.
 *
 * <p>Convolutions are cuDNN's, which guesses the best kernel from the shape, and for few channels
 * in three dimensions guesses badly. Attention needs no choice here: on a GPU of compute capability
 * 9.0 or 10.0 LibTorch 2.10 asks cuDNN first, which takes any strides as long as a head's numbers
 * lie together, then FlashAttention, which is slower. Linear layers are cuBLAS's.
 */
public final class KernelChoice {
  private static final int MOST_TRIED = 10;

  private KernelChoice() {}

  /**
   * From now on cuDNN tries its kernels for each new shape of a convolution, and keeps the fastest.
   * The first of each shape takes some tenths of a second longer; which is the fastest may differ
   * from run to run and from thread to thread, and with it the last bits of a result: of FLOAT32
   * the last thirteen, since some kernels multiply in TF32. LibTorch's cache is emptied each time,
   * so no convolution runs while another thread records a {@link Graph}. A processor has nothing to
   * choose.
   */
  public static void tryConvolutions() {
    var context = torch.globalContext();
    context.setBenchmarkCuDNN(true);
    context.setBenchmarkLimitCuDNN(MOST_TRIED);
  }

  /** Whether the first convolution of a shape is tried. */
  static boolean tryingConvolutions() {
    return torch.globalContext().benchmarkCuDNN();
  }

  /**
   * From now on cuDNN guesses for each new shape of a convolution, as in a process that never
   * tried: alike in every run and thread.
   */
  public static void guessConvolutions() {
    torch.globalContext().setBenchmarkCuDNN(false);
  }
}

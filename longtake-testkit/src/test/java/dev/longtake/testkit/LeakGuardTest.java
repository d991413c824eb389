package dev.longtake.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;

class LeakGuardTest {
  private final LeakGuard guard = new LeakGuard();

  @Test
  void aTensorLeftBehindFailsTheTestAndAClosedOneDoesNot() {
    var context = context(Optional.empty());
    guard.beforeEach(context);
    Tensor left;
    try (var scope = Scope.open()) {
      left = Scope.escape(Tensor.zeros(Dtype.FLOAT32, Device.CPU, 4).plus(1));
    }
    assertThatThrownBy(() -> guard.afterEach(context))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("1 native objects are still open after the test");
    left.close();
    assertThatCode(() -> guard.afterEach(context)).doesNotThrowAnyException();
  }

  @Test
  void aTestThatFailedAnywayKeepsItsOwnMessage() {
    var context = context(Optional.of(new AssertionError("first")));
    guard.beforeEach(context);
    try (var scope = Scope.open()) {
      Tensor.zeros(Dtype.FLOAT32, Device.CPU, 4);
      assertThatCode(() -> guard.afterEach(context)).doesNotThrowAnyException();
    }
  }

  /** Just enough of JUnit for one test method. */
  private static ExtensionContext context(Optional<Throwable> failure) {
    Map<Object, Object> values = new HashMap<>();
    var store =
        proxy(
            ExtensionContext.Store.class,
            (name, arguments) ->
                name.equals("put")
                    ? values.put(arguments[0], arguments[1])
                    : values.getOrDefault(arguments[0], arguments[2]));
    return proxy(
        ExtensionContext.class, (name, arguments) -> name.equals("getStore") ? store : failure);
  }

  private interface Answer {
    Object to(String method, Object[] arguments);
  }

  private static <T> T proxy(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> answer.to(method.getName(), arguments)));
  }
}

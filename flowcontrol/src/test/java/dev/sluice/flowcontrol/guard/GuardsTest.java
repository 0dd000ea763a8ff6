package dev.sluice.flowcontrol.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules that hold for every method of every guard. */
final class GuardsTest {

  /** A method of a plugin kind, with its guard. */
  record Call(Class<?> kind, Method method, BiFunction<Object, Faults, Object> guard) {

    /** Calls the method of a guard before a plugin that does {@code onCall} in each method. */
    @Nullable Object through(Runnable onCall, Faults faults) throws Throwable {
      var plugin =
          Proxy.newProxyInstance(
              Objects.requireNonNull(kind.getClassLoader()),
              new Class<?>[] {kind},
              (self, called, arguments) -> {
                assertThat(called.getName()).isEqualTo(method.getName());
                onCall.run();
                return neutral(called.getReturnType());
              });
      var arguments = Arrays.stream(method.getParameterTypes()).map(Call::neutral).toArray();
      try {
        return method.invoke(guard.apply(plugin, faults), arguments);
      } catch (InvocationTargetException e) {
        throw Objects.requireNonNull(e.getCause());
      }
    }

    private static @Nullable Object neutral(Class<?> type) {
      if (type == int.class) {
        return 0;
      } else if (type == long.class) {
        return 0L;
      } else if (type == boolean.class) {
        return true;
      } else if (type == double.class) {
        return 0.0;
      } else if (type == double[].class) {
        return new double[1];
      }
      return type == Set.class ? Set.of() : null;
    }

    @Override
    public String toString() {
      return kind.getSimpleName() + "." + method.getName();
    }
  }

  static Stream<Call> calls() {
    return Stream.of(
            callsBehindBorder(InterFlowDispatchPolicy.class, GuardedFairness::new),
            callsBehindBorder(InterFlowDisplacementPolicy.class, GuardedFlowDisplacement::new),
            callsBehindBorder(IntraFlowDispatchPolicy.class, GuardedOrdering::new),
            callsBehindBorder(SafeQueue.class, GuardedQueue::new),
            callsOfPlugin(BandPolicy.class, GuardedBandPolicy::new),
            callsOfPlugin(UsageLimitPolicy.class, GuardedUsageLimit::new),
            callsOfPlugin(QueueAdmissionPolicy.class, GuardedQueueAdmission::new),
            callsOfPlugin(IntraFlowDisplacementPolicy.class, GuardedRequestDisplacement::new),
            callsOfPlugin(CostModel.class, GuardedCostModel::new),
            callsOfPlugin(OutputPredictor.class, GuardedOutputPredictor::new),
            calls(
                CapacityGate.class,
                (gate, faults) -> new GuardedGate(Plugin.of("plugin", () -> () -> gate), faults)))
        .flatMap(calls -> calls);
  }

  /** The calls of a kind with many objects: the guard is given an object and a border. */
  private static <T> Stream<Call> callsBehindBorder(Class<T> kind, BiFunction<T, Border, T> guard) {
    return calls(kind, (object, faults) -> guard.apply(object, new Border("plugin", faults)));
  }

  /** The calls of a kind with one object in the engine: the guard makes the object. */
  private static <T> Stream<Call> callsOfPlugin(
      Class<T> kind, BiFunction<Plugin<T>, Faults, T> guard) {
    return calls(kind, (object, faults) -> guard.apply(Plugin.of("plugin", () -> object), faults));
  }

  private static <T> Stream<Call> calls(Class<T> kind, BiFunction<T, Faults, T> guard) {
    return Arrays.stream(kind.getMethods())
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .map(method ->
            new Call(kind, method, (plugin, faults) -> guard.apply(kind.cast(plugin), faults)));
  }

  private final List<Throwable> faults = new ArrayList<>();

  private void report(String plugin, Throwable cause) {
    assertThat(plugin).isEqualTo("plugin");
    faults.add(cause);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void everyCallReachesThePluginOnce(Call call) throws Throwable {
    var reached = new ArrayList<Call>();

    call.through(() -> reached.add(call), this::report);

    assertThat(reached).containsExactly(call);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void anExceptionOfThePluginIsReportedAndGoesNoFurther(Call call) throws Throwable {
    var thrown = new IllegalStateException("broken on purpose");

    call.through(
        () -> {
          throw thrown;
        },
        this::report);

    assertThat(faults).containsExactly(thrown);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void anErrorOfThePluginIsReportedAndGoesNoFurther(Call call) throws Throwable {
    var thrown = new AssertionError("broken on purpose");

    call.through(
        () -> {
          throw thrown;
        },
        this::report);

    assertThat(faults).containsExactly(thrown);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void anErrorOfTheVirtualMachinePasses(Call call) {
    var thrown = new OutOfMemoryError("broken on purpose");

    assertThatThrownBy(() ->
            call.through(
                () -> {
                  throw thrown;
                },
                this::report))
        .isSameAs(thrown);

    assertThat(faults).isEmpty();
  }
}

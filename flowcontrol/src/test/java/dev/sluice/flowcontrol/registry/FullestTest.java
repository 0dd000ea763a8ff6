package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.framework.FlowView;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FullestTest {
  private final Fullest fullest = new Fullest();

  private record Holder(FakeFlow flow, Backlog backlog) {
    Holder(String name, double weight) {
      this(FakeFlow.of(name, weight), new Backlog(null));
    }
  }

  private void set(Holder holder, int requests, long bytes) {
    holder.flow.backlog(requests, bytes, 0);
    fullest.changed(holder.flow, holder.backlog);
  }

  @Test
  void namesNobodyWhileNothingIsQueued() {
    var a = new Holder("a", 1);
    set(a, 3, 30);
    set(a, 0, 0);

    assertThat(fullest.byRequests()).isNull();
    assertThat(fullest.byBytes()).isNull();
  }

  @Test
  void countsWhatWouldBeLeft() {
    var light = new Holder("light", 0.01);
    var hog = new Holder("hog", 1);
    set(light, 1, 1_000_000);
    set(hog, 3, 30);

    assertThat(fullest.byRequests()).isSameAs(hog.flow);
    assertThat(fullest.byBytes()).isSameAs(hog.flow);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithAScanOfAllHolders(long seed) {
    var random = new Random(seed);
    var holders = new ArrayList<Holder>();
    var order = new ArrayList<Holder>();
    for (var i = 0; i < 20; i++) {
      holders.add(new Holder("h" + i, 1 << random.nextInt(3)));
    }

    for (var step = 0; step < 5_000; step++) {
      var holder = holders.get(random.nextInt(holders.size()));
      var requests = random.nextInt(4) == 0 ? 0 : random.nextInt(6);
      set(holder, requests, requests == 0 ? 0 : requests * (1L + random.nextInt(50)));
      if (requests == 0) {
        order.remove(holder);
      } else if (!order.contains(holder)) {
        order.add(holder);
      }

      if (random.nextInt(3) == 0) {
        assertThat(fullest.byRequests())
            .as("seed %d, step %d", seed, step)
            .isSameAs(scan(order, f -> (f.queuedRequests() - 1) / f.weight()));
        assertThat(fullest.byBytes())
            .as("seed %d, step %d", seed, step)
            .isSameAs(
                scan(
                    order,
                    f ->
                        f.queuedBytes()
                            * (f.queuedRequests() - 1.0)
                            / f.queuedRequests()
                            / f.weight()));
      }
    }
  }

  private static @Nullable FlowView scan(List<Holder> order, ToDoubleFunction<FlowView> left) {
    FlowView largest = null;
    for (var holder : order) {
      if (largest == null || left.applyAsDouble(holder.flow) > left.applyAsDouble(largest)) {
        largest = holder.flow;
      }
    }
    return largest;
  }
}

package dev.sluice.modelserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BatchTest {
  private final List<Request> preempted = new ArrayList<>();

  private static final class Request implements Batch.Member {
    private final String adapter;
    private int tokens;

    private Request(String adapter, int tokens) {
      this.adapter = adapter;
      this.tokens = tokens;
    }

    @Override
    public int kvTokens() {
      return tokens;
    }

    @Override
    public String adapter() {
      return adapter;
    }
  }

  private static Request request(int tokens) {
    return new Request("", tokens);
  }

  private static Request adapted(String adapter) {
    return new Request(adapter, 1);
  }

  private static void add(Batch<Request> batch, Request... requests) {
    for (var request : requests) {
      batch.add(request);
    }
  }

  private boolean grow(Batch<Request> batch, Request request) {
    var stays = batch.grow(request, preempted::add);
    request.tokens += stays ? 1 : 0;
    return stays;
  }

  @Test
  void admitsFirstComeFirstServedUpToItsLimit() {
    var batch = new Batch<Request>(2, 1, 100);
    var first = request(1);
    var second = request(1);
    var third = request(1);
    add(batch, first, second, third);

    assertThat(batch.admit()).isSameAs(first);
    assertThat(batch.admit()).isSameAs(second);
    assertThat(batch.admit()).isNull();
    assertThat(batch.remove(first)).isTrue();
    assertThat(batch.remove(first)).isFalse();
    assertThat(batch.admit()).isSameAs(third);
  }

  @Test
  void letsNobodyPassARequestThatDoesNotFitIntoTheCache() {
    var batch = new Batch<Request>(8, 1, 10);
    var first = request(6);
    var large = request(5);
    var small = request(1);
    add(batch, first, large, small);

    assertThat(batch.admit()).isSameAs(first);
    assertThat(batch.kvUsage()).isEqualTo(0.6);
    assertThat(batch.admit()).isNull();
    batch.remove(first);
    assertThat(batch.admit()).isSameAs(large);
    assertThat(batch.admit()).isSameAs(small);
    assertThat(batch.kvUsage()).isEqualTo(0.6);
  }

  @Test
  void sendsTheYoungestBackToTheHeadOfTheQueueWhenTheCacheRunsOut() {
    var batch = new Batch<Request>(8, 1, 10);
    var old = request(5);
    var young = request(5);
    var waiting = request(1);
    add(batch, old, young, waiting);
    batch.admit();
    batch.admit();

    assertThat(grow(batch, old)).isTrue();

    assertThat(preempted).containsExactly(young);
    assertThat(batch.kvUsage()).isEqualTo(0.6);
    assertThat(batch.admit())
        .as("the preempted request is first in the queue and does not fit")
        .isNull();
    batch.remove(old);
    assertThat(batch.admit()).isSameAs(young);
    assertThat(batch.admit()).isSameAs(waiting);
  }

  @Test
  void sendsBackTheOneThatGrowsWhereItIsTheYoungest() {
    var batch = new Batch<Request>(8, 1, 10);
    var old = request(5);
    var young = request(5);
    add(batch, old, young);
    batch.admit();
    batch.admit();

    assertThat(grow(batch, young)).isFalse();
    assertThat(preempted).containsExactly(young);
    assertThat(batch.kvUsage()).isEqualTo(0.5);
  }

  @Test
  void letsALoneRequestHaveMoreThanTheCacheHolds() {
    var batch = new Batch<Request>(8, 1, 10);
    var large = request(12);
    add(batch, large);

    assertThat(batch.admit()).isSameAs(large);
    assertThat(grow(batch, large)).isTrue();
    assertThat(preempted).isEmpty();
    assertThat(batch.kvUsage()).isEqualTo(1.0);
    batch.remove(large);
    assertThat(batch.kvUsage()).isZero();
  }

  @Test
  void passesOverARequestWhoseAdapterHasNoSlot() {
    var batch = new Batch<Request>(8, 1, 100);
    var first = adapted("a");
    var other = adapted("b");
    var same = adapted("a");
    var base = request(1);
    add(batch, first, other, same, base);

    assertThat(batch.admit()).isSameAs(first);
    assertThat(batch.admit()).isSameAs(same);
    assertThat(batch.admit()).isSameAs(base);
    assertThat(batch.admit()).isNull();
    assertThat(batch.runningAdapters()).containsExactly("a");
    assertThat(batch.waitingAdapters()).containsExactly("b");
    batch.remove(first);
    assertThat(batch.admit()).isNull();
    batch.remove(same);
    assertThat(batch.admit()).isSameAs(other);
  }
}

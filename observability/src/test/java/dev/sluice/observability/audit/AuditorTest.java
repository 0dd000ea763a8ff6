package dev.sluice.observability.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import org.junit.jupiter.api.Test;

final class AuditorTest {
  private final FlowControlRequest high = request("h", 10).build();
  private final FlowControlRequest low = request("l", 0).build();
  private Auditor auditor = new Auditor();
  private long sequence;

  private static FlowControlRequest.Builder request(String id, int priority) {
    return FlowControlRequest.builder(id, new FlowKey(id, priority)).sizeBytes(7);
  }

  private void queue(FlowControlRequest request) {
    auditor.queued(++sequence, 0, request);
  }

  private void dispatch(FlowControlRequest request) {
    auditor.dispatched(++sequence, 0, request, 0, true, false);
  }

  private void dispatchAtOnce(FlowControlRequest request) {
    auditor.dispatched(++sequence, 0, request, 0, false, false);
  }

  private void evict(FlowControlRequest request, EvictReason reason) {
    auditor.evicted(++sequence, 0, request, reason, 0);
  }

  private void giveBack(FlowControlRequest request) {
    auditor.returned(++sequence, 0, request, Usage.NONE, 0, false);
  }

  @Test
  void findsNothingWrongWithAnOrderlyEngine() {
    queue(low);
    queue(high);
    dispatch(high);
    dispatch(low);
    giveBack(high);
    auditor.poolChanged(++sequence, 0, 1.0);
    auditor.rejected(++sequence, 0, high, RejectReason.CAPACITY);

    var report = auditor.report();

    assertThat(report.isClean()).as(report.toString()).isTrue();
    assertThat(report.submitted()).isEqualTo(3);
    assertThat(report.dispatched()).isEqualTo(2);
    assertThat(report.rejected()).isEqualTo(1);
    assertThat(report.running()).isEqualTo(1);
    assertThat(report.waiting()).isZero();
    assertThat(report.mostWaiting()).isEqualTo(2);
    assertThat(report.mostWaitingBytes()).isEqualTo(14);
  }

  @Test
  void countsADispatchThatOvertakesAHigherPriority() {
    queue(high);
    queue(low);
    dispatch(low);
    dispatchAtOnce(request("n", -1).build());

    assertThat(auditor.report().priorityInversions()).isEqualTo(2);
    assertThat(auditor.report().isClean()).isFalse();
    assertThat(auditor.report().findings().getFirst()).contains("l of l:0").contains("priority 10");
  }

  @Test
  void readsEventsInTheOrderOfTheDecisionsWhateverTheOrderOfArrival() {
    auditor.dispatched(3, 0, high, 0, true, false);
    auditor.dispatched(4, 0, low, 0, true, false);
    auditor.queued(2, 0, high);

    assertThat(auditor.report().unread()).isEqualTo(3);
    assertThat(auditor.report().isConserved()).isFalse();

    auditor.queued(1, 0, low);

    assertThat(auditor.report().isClean()).isTrue();
    assertThat(auditor.report().running()).isEqualTo(2);
  }

  @Test
  void excusesOvertakingARequestOfOtherNeedsAndByReservation() {
    queue(request("m", 10).eligibility(Eligibility.ofModel("m")).build());
    queue(low);
    dispatch(low);
    queue(high);
    var reserved = request("r", 0).build();
    queue(reserved);
    auditor.dispatched(++sequence, 0, reserved, 0, true, true);

    assertThat(auditor.report().priorityInversions()).isZero();
    assertThat(auditor.report().reservedTurns()).isEqualTo(1);
  }

  @Test
  void excusesOvertakingATenantThatRunsAllThatItMay() {
    auditor = new Auditor(tenant -> new TenantConfig(1, 0, tenant.equals("h") ? 1 : 0, 0));
    dispatchAtOnce(high);
    var next = request("h", 10).build();
    queue(next);
    dispatchAtOnce(low);

    assertThat(auditor.report().priorityInversions()).isZero();

    giveBack(high);
    dispatchAtOnce(request("l", 0).build());

    assertThat(auditor.report().priorityInversions()).isEqualTo(1);
  }

  @Test
  void countsADispatchAtTheDeadline() {
    dispatchAtOnce(request("a", 0).deadlineNanos(1).build());
    dispatchAtOnce(request("b", 0).deadlineNanos(0).build());

    assertThat(auditor.report().lateDispatches()).isEqualTo(1);
  }

  @Test
  void countsWhoGaveWayInVain() {
    queue(low);
    evict(low, EvictReason.DISPLACED);
    queue(high);

    assertThat(auditor.report().vainDisplacements()).isZero();

    var ofSameFlow = request("h", 10).build();
    evict(high, EvictReason.DISPLACED);
    queue(ofSameFlow);
    evict(ofSameFlow, EvictReason.DISPLACED);
    auditor.rejected(++sequence, 0, low, RejectReason.CAPACITY);

    assertThat(auditor.report().vainDisplacements()).isEqualTo(2);
  }

  @Test
  void acceptsThatARequestGivesWayToATenantOfItsPriorityThatHasLess() {
    queue(low);
    queue(request("h", 10).build());
    queue(high);
    evict(high, EvictReason.DISPLACED);
    queue(request("e", 10).build());

    assertThat(auditor.report().vainDisplacements()).isZero();
    assertThat(auditor.report().contradictions()).isZero();
  }

  @Test
  void findsARequestThatGaveWayToATenantThatHasMoreThen() {
    queue(high);
    evict(high, EvictReason.DISPLACED);
    queue(request("e", 10).build());

    assertThat(auditor.report().vainDisplacements()).isEqualTo(1);
    assertThat(auditor.report().findings().getFirst()).contains("gave way to");
  }

  @Test
  void comparesTenantsForTheirWeights() {
    auditor = new Auditor(tenant -> new TenantConfig(tenant.equals("e") ? 3 : 1, 0, 0, 0));
    queue(request("h", 10).build());
    queue(high);
    queue(request("e", 10).build());
    queue(request("e", 10).build());

    evict(high, EvictReason.DISPLACED);
    queue(request("e", 10).build());
    assertThat(auditor.report().vainDisplacements()).isZero();

    var next = request("h", 10).build();
    queue(next);
    evict(next, EvictReason.DISPLACED);
    queue(request("e", 10).build());
    assertThat(auditor.report().vainDisplacements()).isEqualTo(1);
  }

  @Test
  void comparesFlowsWithinOneTenant() {
    var first = request("f", 10).tenant("t").build();
    var second = request("f", 10).tenant("t").build();
    queue(first);
    queue(second);

    evict(second, EvictReason.DISPLACED);
    queue(request("g", 10).tenant("t").build());
    assertThat(auditor.report().vainDisplacements()).isZero();

    evict(first, EvictReason.DISPLACED);
    queue(request("g", 10).tenant("t").build());
    assertThat(auditor.report().vainDisplacements()).isEqualTo(1);
  }

  /** A place was short in bytes: the tenant has fewer requests, but larger ones. */
  @Test
  void acceptsThatATenantHasLessInBytes() {
    var large = request("l", 0).sizeBytes(1_000).build();
    queue(request("l", 0).sizeBytes(1_000).build());
    queue(large);
    queue(request("s", 0).build());

    evict(large, EvictReason.DISPLACED);
    queue(request("s", 0).build());

    assertThat(auditor.report().vainDisplacements()).isZero();
  }

  @Test
  void findsThatALowerOneShouldHaveGivenWay() {
    queue(low);
    queue(high);
    evict(high, EvictReason.DISPLACED);
    queue(request("t", 20).build());

    assertThat(auditor.report().contradictions()).isEqualTo(1);
  }

  @Test
  void findsASecondOutcomeAndAPermitReturnedTwice() {
    queue(low);
    dispatch(low);
    evict(low, EvictReason.EXPIRED);
    giveBack(low);
    giveBack(low);
    auditor.queued(sequence, 0, high);

    var report = auditor.report();

    assertThat(report.contradictions()).isEqualTo(3);
    assertThat(report.isConserved()).isFalse();
    assertThat(report.findings()).hasSize(3);
  }
}

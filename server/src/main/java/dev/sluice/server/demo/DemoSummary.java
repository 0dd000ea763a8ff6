package dev.sluice.server.demo;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the demo measured, as it is written for programs.
 *
 * @param withoutFlowControl the same load on the same kind of pool with a gate that never closes
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record DemoSummary(Run withFlowControl, @Nullable Run withoutFlowControl) {

  /**
   * One run.
   *
   * @param durationSeconds for how long requests were sent
   * @param offered requests sent
   * @param done requests answered in full
   * @param refused requests answered with a refusal
   * @param failed requests whose client gave up, or whose connection broke
   * @param lost requests without any end
   * @param priorityInversions starts of a request while one of higher priority waited
   */
  record Run(
      double durationSeconds,
      int offered,
      int done,
      int refused,
      int failed,
      int lost,
      long priorityInversions,
      List<Tenant> tenants) {}

  /**
   * One tenant of a run.
   *
   * @param waitMillis from the client's send until a model server starts the request
   * @param firstByteMillis from the client's send until its first byte of a full answer
   */
  record Tenant(
      String id,
      int priority,
      int offered,
      int done,
      int refused,
      int failed,
      Percentiles waitMillis,
      Percentiles firstByteMillis) {}

  /** Two percentiles, by nearest rank; 0 where nothing was measured. */
  record Percentiles(double p50, double p99) {}
}

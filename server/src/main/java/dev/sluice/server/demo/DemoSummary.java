package dev.sluice.server.demo;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The measurements of the demo, in the form that is written as JSON.
 *
 * @param withoutFlowControl the same load on the same kind of pool with a gate that never closes
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record DemoSummary(Run withFlowControl, @Nullable Run withoutFlowControl) {

  /**
   * One run.
   *
   * @param durationSeconds the time in which requests were sent
   * @param offered requests sent
   * @param done requests answered in full
   * @param refused requests answered with a refusal
   * @param failed requests whose client gave up, or whose connection broke
   * @param cut requests that were open when the demo was interrupted
   * @param lost requests without any end
   * @param priorityInversions starts of a request while one of higher priority waited
   */
  record Run(
      double durationSeconds,
      int offered,
      int done,
      int refused,
      int failed,
      int cut,
      int lost,
      long priorityInversions,
      List<Tenant> tenants) {}

  /**
   * One tenant of a run.
   *
   * @param waitMillis the time from the client's send until a model server starts the request
   * @param firstByteMillis the time from the client's send until the first byte of a full answer
   */
  record Tenant(
      String id,
      int priority,
      int offered,
      int done,
      int refused,
      int failed,
      int cut,
      Percentiles waitMillis,
      Percentiles firstByteMillis) {}

  /** Two percentiles, by nearest rank; 0 if nothing was measured. */
  record Percentiles(double p50, double p99) {}
}

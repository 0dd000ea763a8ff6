package dev.sluice.flowcontrol.examples;

// begin
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** A call of a model server that streams its answer. Its permit is held until the stream ends. */
@SuppressWarnings("FutureReturnValueIgnored") // each stage reports to the answer
final class StreamingCall {
  private final CompletableFuture<Admission> admission;
  private final CompletableFuture<Usage> answer;

  /**
   * Offers a request, and calls the model server when the request may go.
   *
   * @param model begins the stream; its future ends with the stream, and cancelling it ends the
   *     stream
   * @param executor runs {@code model}: the thread that decides has better things to do
   */
  StreamingCall(
      FlowController flowControl,
      FlowControlRequest request,
      Function<Permit, CompletableFuture<Usage>> model,
      Executor executor) {
    admission = flowControl.enqueue(request);
    answer = new CompletableFuture<>();
    admission.whenCompleteAsync(
        (outcome, failure) -> {
          if (outcome instanceof Admission.Dispatched dispatched) {
            stream(dispatched.permit(), model);
          } else { // Rejected or Evicted, or this call has left
            answer.completeExceptionally(new IllegalStateException("not served: " + outcome));
          }
        },
        executor);
  }

  private void stream(Permit permit, Function<Permit, CompletableFuture<Usage>> model) {
    var stream =
        model.apply(permit); // permit.bind says which server, permit.progress how far it is
    stream.whenComplete((usage, failure) -> {
      if (usage != null) {
        permit.complete(usage);
        answer.complete(usage);
      } else {
        permit.close(); // what was used is unknown, and charged by estimate
        answer.completeExceptionally(failure);
      }
    });
    answer.whenComplete((usage, failure) -> stream.cancel(true)); // does nothing to one that ended
  }

  /** The usage that the model server reported at the end of the stream. */
  CompletableFuture<Usage> answer() {
    return answer;
  }

  /** The client is gone: a waiting request leaves its queue, and a running stream ends. */
  void leave() {
    admission.cancel(true);
    answer.cancel(true);
  }
}
// end

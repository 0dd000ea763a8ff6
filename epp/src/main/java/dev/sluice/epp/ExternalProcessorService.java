package dev.sluice.epp;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.serving.offer.OfferMaker;
import io.envoyproxy.envoy.service.ext_proc.v3.ExternalProcessorGrpc;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Executor;

/**
 * Envoy's service {@code ExternalProcessor}, as an endpoint picker answers it. The proxy opens one
 * stream for each HTTP request; {@link PickerStream} is the life of one. Thread-safe.
 */
public final class ExternalProcessorService
    extends ExternalProcessorGrpc.ExternalProcessorImplBase {
  private final Collaborators with;

  /**
   * A service that decides by this engine and this pool.
   *
   * @param offers reads complete bodies and makes the offers
   * @param executor runs the steps that follow a decision of the engine. It must run them on other
   *     threads than the caller's, because the caller is the engine
   */
  public ExternalProcessorService(
      PickerOptions options,
      OfferMaker offers,
      FlowController controller,
      EndpointPool pool,
      Executor executor) {
    with =
        new Collaborators(options, new RequestReader(options, offers), controller, pool, executor);
  }

  @Override
  public StreamObserver<ProcessingRequest> process(StreamObserver<ProcessingResponse> responses) {
    return PickerStream.open(with, (ServerCallStreamObserver<ProcessingResponse>) responses);
  }
}

package dev.sluice.epp;

import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.util.function.BooleanSupplier;

/**
 * The gRPC health service. The service {@value #LIVENESS} is SERVING as long as the process
 * answers. Every other service, known or not, is SERVING while the picker is ready, because
 * upstream's charts ask for names of their own. The answer to {@code Watch} is UNIMPLEMENTED, as
 * upstream's is. Thread-safe.
 */
final class PickerHealth extends HealthGrpc.HealthImplBase {
  static final String LIVENESS = "liveness";

  private final BooleanSupplier ready;

  PickerHealth(BooleanSupplier ready) {
    this.ready = ready;
  }

  @Override
  public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> response) {
    var serves = request.getService().equals(LIVENESS) || ready.getAsBoolean();
    response.onNext(
        HealthCheckResponse.newBuilder()
            .setStatus(serves ? ServingStatus.SERVING : ServingStatus.NOT_SERVING)
            .build());
    response.onCompleted();
  }
}

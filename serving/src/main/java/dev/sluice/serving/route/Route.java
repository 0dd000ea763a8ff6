package dev.sluice.serving.route;

import dev.sluice.inference.ApiKind;
import dev.sluice.inference.ErrorBody;
import dev.sluice.inference.ErrorForm;

/** What is done with a request, decided by its method, target and content headers. */
public sealed interface Route {

  /** A request that goes to an endpoint. */
  sealed interface Proxied extends Route {
    /** The normal spelling of the target, with the query. This is what an endpoint gets. */
    String target();

    /** The form that the client expects errors in. */
    default ErrorForm errorForm() {
      return ErrorForm.OPENAI;
    }
  }

  /**
   * A request whose body is read: it is priced, and it goes to a server that has its model.
   *
   * @param contentType the value of {@code content-type}; empty if there is none
   */
  record Read(String target, ApiKind kind, String contentType) implements Proxied {
    @Override
    public ErrorForm errorForm() {
      return kind.errorForm();
    }
  }

  /** A request that passes unread to any endpoint, because the configuration says so. */
  record Unread(String target) implements Proxied {}

  /**
   * A question for the list of models or for one model, which the gateway answers.
   *
   * @param path {@code /v1/models}, or that and a slash and the id of a model
   */
  record ShowModels(String path) implements Route {}

  /** A request that goes nowhere. It is answered with this error. */
  record Refused(ErrorBody error) implements Route {}
}

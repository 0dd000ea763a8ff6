package dev.sluice.server.config;

import java.util.Map;

/**
 * A choice of a plugin: the name of an entry of {@code plugins}, the name of a type, or a type with
 * its parameters.
 *
 * @param name the name as written; empty if type and parameters are given in place
 * @param type the type if it is given in place, else empty
 * @param parameters the parameters that are given in place
 */
public record PluginRef(String name, String type, Map<String, Object> parameters) {

  /** Copies. */
  public PluginRef {
    parameters = Map.copyOf(parameters);
  }

  /** A choice by name. */
  public static PluginRef named(String name) {
    return new PluginRef(name, "", Map.of());
  }
}

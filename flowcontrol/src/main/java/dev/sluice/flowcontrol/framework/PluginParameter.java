package dev.sluice.flowcontrol.framework;

/**
 * What is known of one parameter of a plugin type, for documentation and schemas. Immutable.
 *
 * @param name its name in configuration
 * @param type in words: {@code whole number}, {@code number}, {@code true or false}, {@code text},
 *     {@code duration}, {@code one of a, b, c} or {@code list of ...}
 * @param defaultValue the value where configuration says nothing, as its record holds it
 */
public record PluginParameter(String name, String type, Object defaultValue) {}

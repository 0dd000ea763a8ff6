/**
 * The border between the engine and its plugins: a wrapper for each kind of plugin. If a plugin
 * throws, the wrapper reports the exception and goes on with an answer of its own.
 */
@NullMarked
package dev.sluice.flowcontrol.guard;

import org.jspecify.annotations.NullMarked;

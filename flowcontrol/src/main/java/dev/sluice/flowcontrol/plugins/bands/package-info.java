/** Built-in policies between bands. */
@NullMarked
package dev.sluice.flowcontrol.plugins.bands;

import org.jspecify.annotations.NullMarked;

/** Built-in policies of who may queue. */
@NullMarked
package dev.sluice.flowcontrol.plugins.admission;

import org.jspecify.annotations.NullMarked;

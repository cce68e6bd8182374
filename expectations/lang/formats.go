package lang

import "cel.dev/cel-go/cel"

func formatFunctions() []cel.EnvOption { return nil }

package catalog

func rowCount() Entry {
	return Entry{
		Name: "row_count", Kind: Metric,
		Doc: "The dataset has so many rows.",
		Params: []Param{
			{Name: "min", Kind: ParamCount, Doc: "the least number of rows allowed"},
			{Name: "max", Kind: ParamCount, Doc: "the greatest number of rows allowed"},
			{Name: "equals", Kind: ParamCount, Doc: "the number of rows, exactly"},
		},
		expand: func(x *expansion) []Expansion {
			_, exact := x.arg("equals")
			_, lo := x.arg("min")
			_, hi := x.arg("max")
			switch {
			case !exact && !lo && !hi:
				x.errorf(x.Named.At, "bad-argument", "give min, max or equals", "row_count has no bound")
				return nil
			case exact && (lo || hi):
				x.errorf(x.at("equals"), "bad-argument", "keep equals alone", "row_count has equals beside min or max")
				return nil
			}
			x.boundsInOrder()
			return metric(x.counted(x.macro("count", "")))
		},
	}
}

// macro returns the CEL of an aggregate macro over the dataset: of (CEL over row) may be empty. The
// expectation's where becomes the macro's condition.
func (x *expansion) macro(name, of string, conditions ...string) string {
	if x.Where != "" {
		conditions = append(conditions, x.Where)
	}
	var cond string
	switch len(conditions) {
	case 0:
	case 1:
		cond = conditions[0]
	default:
		for i, c := range conditions {
			if i > 0 {
				cond += " && "
			}
			cond += operand(c)
		}
	}
	args := ""
	for _, a := range []string{of, cond} {
		if a != "" {
			args += ", " + a
		}
	}
	if args != "" {
		args = "row" + args
	}
	return x.Dataset + "." + name + "(" + args + ")"
}

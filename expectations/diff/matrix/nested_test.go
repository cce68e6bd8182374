package matrix

import "github.com/assay-dev/assay/connectors/canon"

func documents() []entry {
	object := two(
		`{"a":1,"b":[1.0,2]}`, ` { "b" : [ 1 , 2.0 ], "a" : 1 } `, `{"é":"\u00e9"}`, `{"é":"é"}`, `{}`, `{ }`, `{"a":{"x":null}}`, `{"a":{"x":null}}`,
		`{"n":9007199254740993}`, `{"n":9007199254740993}`, `{"d":0.1,"e":1.5e3}`, `{"e":1500,"d":0.1}`, `{"s":"😀\n\""}`, `{"s":"\ud83d\ude00\n\""}`,
	)
	differ := two(
		`{"a":1}`, `{"a":2}`, `{"a":1}`, `{"a":"1"}`, `{"a":null}`, `{}`, `{"a":[1,2]}`, `{"a":[2,1]}`, `{"n":9007199254740993}`, `{"n":9007199254740992}`,
		`{"a":true}`, `{"a":1}`, `{"a":"x"}`, `{"A":"x"}`, `{}`, nothing, `{"a":""}`, `{"a":null}`,
	)
	raw := func(rows [][2]string) [][2]string {
		out := make([][2]string, 0, len(rows))
		for _, r := range rows {
			if r[1] != nothing {
				r[1] = "=" + r[1]
			}
			out = append(out, r)
		}
		return out
	}
	scalar := two(`[1,2]`, `[1, 2]`, `"x"`, `"x"`, `5`, `5.0`, `true`, `true`, `null`, `null`)
	const unmapped = `{"type":"object","enabled":false}`
	return []entry{
		{l: pg("jsonb"), r: my("json"), same: join(object, scalar), differ: join(differ, two(`null`, nothing, `1`, `"1"`, `[]`, `{}`))},
		{l: pg("json"), r: my("json"), same: join(object, scalar, two(`{"a":1,"a":2}`, `{"a":2}`)), differ: join(differ, two(`{"a":1,"a":2}`, `{"a":1}`))},
		{l: pg("json"), r: pg("jsonb"), same: join(object, two(`{"n":123456789012345678901234567890.10}`, `{"n":1.234567890123456789012345678901e29}`)), differ: join(differ, two(`{"n":123456789012345678901234567890}`, `{"n":123456789012345678901234567891}`))},
		{l: pg("jsonb"), r: es(unmapped), same: raw(object), differ: raw(differ)},
		{l: my("json"), r: es(unmapped), same: raw(object), differ: raw(differ)},
		{l: pg("jsonb"), r: sl("JSON"), same: object, differ: differ},
		{l: my("json"), r: sl("JSON"), same: object, differ: differ},
		{l: pg("jsonb"), r: my("longtext"), same: join(object, scalar), differ: join(differ, two(`{"a":1}`, `{"a":1`, `"x"`, `x`, `1`, ``))},
		{l: my("json"), r: sl("TEXT"), same: object, differ: join(differ, two(`{}`, `{`))},
		{l: pg("jsonb"), r: es("keyword"), same: object, differ: join(differ, two(`{}`, `{`))},
	}
}

func arrays() []entry {
	return []entry{
		{
			l: pg("int[]"), r: es("integer").array(), same: two("{1,2,2}", "=[1,2,2]", "{1}", "=1", nothing, nothing),
			differ: two("{1,2}", "=[2,1]", "{1}", "=[1,1]", "{}", nothing, "{1,NULL}", "=[1,2]"),
		},
		{
			l: pg("int[]"), r: es("long").array(), say: "unordered: true, empty_is_null: true", o: canon.Options{Unordered: true, EmptyIsNull: true},
			same: two("{1,2,2}", "=[2,1,2]", "{}", "=[]", "{}", nothing, nothing, nothing), differ: two("{1,2,2}", "=[1,1,2]", "{1}", nothing, "{}", "=[0]"),
		},
		{l: pg("text[]"), r: es("keyword").array(), same: two(`{a,"b,c","d\"e",""}`, `=["a","b,c","d\"e",""]`, `{"é"}`, `="é"`), differ: two(`{a,b}`, `=["a,b"]`, `{x|y,z}`, `=["x","y|z"]`, `{a}`, `=["A"]`)},
		{l: pg("text[]"), r: es("keyword").array(), say: "normalize: [casefold]", o: canon.Options{Normalize: []canon.Normal{canon.Casefold}}, same: two(`{A,b}`, `=["a","B"]`), differ: two(`{A,b}`, `=["b","a"]`)},
		{l: pg("boolean[]"), r: es("boolean").array(), same: two("{t,f}", "=[true,false]"), differ: two("{t,f}", "=[false,true]")},
		{l: pg("double precision[]"), r: es("double").array(), same: two("{0.1,2}", "=[0.1,2.0]"), differ: two("{0.1}", "=[0.10000000000000002]")},
		{l: pg("real[]"), r: es("float").array(), same: two("{0.1,2}", "=[0.1,2.0]"), differ: two("{0.1}", "=[0.11]")},
		{l: pg("numeric(10,2)[]"), r: es("double").array(), same: two("{0.10,2.68}", "=[0.1,2.675]"), differ: two("{0.10}", "=[0.11]")},
		{l: pg("numeric(10,2)[]"), r: es("keyword").as("decimal").array(), same: two("{0.10,2}", `=["0.1","2.00"]`), differ: two("{0.10}", `=["0.11"]`)},
		{l: pg("timestamptz[]"), r: es("date").array(), same: two(`{"2024-01-01 00:00:00.123999+00"}`, `=["2024-01-01T00:00:00.123Z"]`), differ: two(`{"2024-01-01 00:00:00.123999+00"}`, `=["2024-01-01T00:00:00.124Z"]`)},
		{l: pg("uuid[]"), r: es("keyword").array(), same: two("{"+lowerUUID+"}", `="`+upperUUID+`"`), differ: two("{"+lowerUUID+"}", `="`+otherUUID+`"`)},
		{l: pg("int[]"), r: my("json"), same: two("{1,2,NULL}", "[1, 2.0, null]", "{}", "[]"), differ: two("{1,2}", "[2,1]", "{1}", `["1"]`, "{1}", "1", "{}", nothing, "{NULL}", "[]")},
		{l: pg("text[]"), r: my("json"), same: two(`{a,"b\"c",NULL}`, `["a","b\"c",null]`), differ: two(`{a}`, `["A"]`, `{1}`, `[1]`, `{NULL}`, `["NULL"]`)},
		{l: pg("numeric[]"), r: my("json"), same: two("{1.50,100}", "[1.5,1e2]"), differ: two("{1.5}", "[1.6]")},
		{l: pg("boolean[]"), r: sl("JSON"), same: two("{t,f}", "[true, false]"), differ: two("{t}", "[1]")},
		{l: pg("int[]"), r: pg("jsonb"), say: "empty_is_null: true", o: canon.Options{EmptyIsNull: true}, same: two("{}", nothing, nothing, "[ ]", "{}", "[]", "{1}", "[1]"), differ: two("{1}", nothing, nothing, "{}", nothing, "[0]")},
		{l: pg("int[]"), r: pg("bigint[]"), same: two("{1,NULL,3}", "{1,NULL,3}"), differ: two("{{1,2}}", "{1,2}", "{1,NULL}", "{1}")},
		{l: my("json"), r: es("keyword").array(), same: two(`["a","b"]`, `=["a","b"]`, `["a"]`, `="a"`), differ: two(`["a","b"]`, `=["b","a"]`, `["a"]`, `=["a","a"]`)},
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// rules is one JSON Schema object: the keywords below, and no others.
type rules struct {
	types                 []string
	constant              *node
	choices               []*node
	properties            map[string]*rules
	required              []string
	closed                bool // additionalProperties: false
	items                 *rules
	minItems, maxItems    *int
	uniqueItems           bool
	minLength, maxLength  *int
	pattern               *regexp.Regexp
	minimum, maximum      *float64
	when, then, otherwise *rules
}

// compile reads the rules that a schema document holds. A keyword it does not know is an error:
// a rule nobody checks is worse than none.
func compile(schema *node) (*rules, error) {
	members, isObject := schema.value.(*object)
	if !isObject {
		return nil, &problem{schema.offset, "rules must be an object"}
	}
	r := &rules{}
	for _, m := range members.members {
		if err := r.keyword(m.name, m.value); err != nil {
			var at *problem
			if !errors.As(err, &at) {
				err = &problem{m.value.offset, fmt.Sprintf("%s: %v", m.name, err)}
			}
			return nil, err
		}
	}
	return r, nil
}

func (r *rules) keyword(name string, value *node) (err error) {
	switch name {
	case "$schema", "$id", "title", "description":
		return nil
	case "type":
		r.types, err = r.typeNames(value)
	case "const":
		r.constant = value
	case "enum":
		r.choices, err = list(value)
	case "properties":
		r.properties, err = compileEach(value)
	case "required":
		r.required, err = texts(value)
	case "additionalProperties":
		r.closed, err = negated(value)
	case "items":
		r.items, err = compile(value)
	case "minItems":
		r.minItems, err = count(value)
	case "maxItems":
		r.maxItems, err = count(value)
	case "uniqueItems":
		r.uniqueItems, err = boolean(value)
	case "minLength":
		r.minLength, err = count(value)
	case "maxLength":
		r.maxLength, err = count(value)
	case "pattern":
		r.pattern, err = expression(value)
	case "minimum":
		r.minimum, err = number(value)
	case "maximum":
		r.maximum, err = number(value)
	case "if":
		r.when, err = compile(value)
	case "then":
		r.then, err = compile(value)
	case "else":
		r.otherwise, err = compile(value)
	default:
		err = errors.New("no such keyword")
	}
	return err
}

func (r *rules) typeNames(value *node) ([]string, error) {
	names := []string{}
	if name, isText := value.value.(string); isText {
		names = append(names, name)
	} else {
		var err error
		if names, err = texts(value); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		switch name {
		case "null", "boolean", "integer", "number", "string", "array", "object":
		default:
			return nil, fmt.Errorf("no such type: %s", name)
		}
	}
	return names, nil
}

func compileEach(value *node) (map[string]*rules, error) {
	members, isObject := value.value.(*object)
	if !isObject {
		return nil, errors.New("must be an object")
	}
	each := map[string]*rules{}
	for _, m := range members.members {
		r, err := compile(m.value)
		if err != nil {
			return nil, err
		}
		each[m.name] = r
	}
	return each, nil
}

func list(value *node) ([]*node, error) {
	if items, isList := value.value.([]*node); isList {
		return items, nil
	}
	return nil, errors.New("must be an array")
}

func texts(value *node) ([]string, error) {
	items, err := list(value)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, item := range items {
		text, isText := item.value.(string)
		if !isText {
			return nil, errors.New("must be an array of strings")
		}
		out = append(out, text)
	}
	return out, nil
}

func boolean(value *node) (bool, error) {
	if b, isBool := value.value.(bool); isBool {
		return b, nil
	}
	return false, errors.New("must be true or false")
}

func negated(value *node) (bool, error) {
	b, err := boolean(value)
	return !b, err
}

func number(value *node) (*float64, error) {
	if text, isNumber := value.value.(json.Number); isNumber {
		f, err := text.Float64()
		return &f, err
	}
	return nil, errors.New("must be a number")
}

func count(value *node) (*int, error) {
	f, err := number(value)
	if err != nil || *f < 0 || *f != float64(int(*f)) {
		return nil, errors.New("must be a whole number from 0")
	}
	n := int(*f)
	return &n, nil
}

func expression(value *node) (*regexp.Regexp, error) {
	text, isText := value.value.(string)
	if !isText {
		return nil, errors.New("must be a string")
	}
	return regexp.Compile(text)
}

// names lists the properties the rules know, for messages.
func (r *rules) names() string {
	known := []string{}
	for name := range r.properties {
		known = append(known, name)
	}
	sort.Strings(known)
	return strings.Join(known, ", ")
}

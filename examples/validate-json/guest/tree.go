package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// node is one JSON value and where it stands in its document.
type node struct {
	offset int // of its first byte
	value  any // nil, bool, json.Number or string; *object; []*node
}

type object struct{ members []member }

type member struct {
	name  string
	value *node
}

func (o *object) find(name string) *node {
	for _, m := range o.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// problem is something wrong at one place of a document.
type problem struct {
	offset  int
	message string
}

func (p *problem) Error() string { return p.message }

// parse reads one JSON document and nothing behind it. Unlike encoding/json it keeps positions
// and refuses a key that stands twice in one object.
func parse(text []byte) (*node, error) {
	p := &parser{text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	p.decoder.UseNumber()
	root, err := p.value()
	if err != nil {
		return nil, err
	}
	if _, err := p.decoder.Token(); err != io.EOF {
		return nil, &problem{p.next(), "more text behind the document"}
	}
	return root, nil
}

type parser struct {
	text    []byte
	decoder *json.Decoder
}

// next is the offset of the first byte of the next token.
func (p *parser) next() int {
	at := int(p.decoder.InputOffset())
	for at < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) token() (int, json.Token, error) {
	at := p.next()
	token, err := p.decoder.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return at, nil, &problem{len(p.text), "the document ends too early"}
	case errors.As(err, &syntax):
		return at, nil, &problem{int(syntax.Offset) - 1, syntax.Error()}
	case err != nil:
		return at, nil, &problem{at, err.Error()}
	}
	return at, token, nil
}

func (p *parser) value() (*node, error) {
	at, token, err := p.token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o, err := p.object()
		return &node{offset: at, value: o}, err
	case json.Delim('['):
		items, err := p.array()
		return &node{offset: at, value: items}, err
	}
	return &node{offset: at, value: token}, nil
}

func (p *parser) object() (*object, error) {
	o := &object{}
	for p.decoder.More() {
		at, token, err := p.token()
		if err != nil {
			return nil, err
		}
		name, isName := token.(string)
		if !isName {
			return nil, &problem{at, "a key must be a string"}
		}
		if o.find(name) != nil {
			return nil, &problem{at, fmt.Sprintf("key %q stands here twice", name)}
		}
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, member{name, value})
	}
	_, _, err := p.token()
	return o, err
}

func (p *parser) array() ([]*node, error) {
	items := []*node{}
	for p.decoder.More() {
		item, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, _, err := p.token()
	return items, err
}

// place turns an offset into a line and a column, both from 1.
func place(text []byte, offset int) (line, column int) {
	offset = min(max(offset, 0), len(text))
	before := text[:offset]
	return 1 + bytes.Count(before, []byte("\n")), offset - bytes.LastIndexByte(before, '\n')
}

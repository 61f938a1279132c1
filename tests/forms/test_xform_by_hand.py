"""XForms that no tool made: other prefixes, relative references, inline words."""

from forms import xform
from schemas.fields import GROUP, REPEAT

FRAME = """<hh:html xmlns:hh="http://www.w3.org/1999/xhtml" xmlns:x="http://www.w3.org/2002/xforms"
  xmlns:rosa="http://openrosa.org/javarosa" xmlns:o="http://openrosa.org/xforms" xmlns:t="http://www.w3.org/2001/XMLSchema">
  <hh:head><hh:title>By hand</hh:title><x:model>{model}</x:model></hh:head><hh:body>{body}</hh:body></hh:html>"""


def read(model: str, body: str = "") -> xform.Form:
    return xform.parse(FRAME.format(model=model, body=body).encode())


def test_prefixes_and_namespaces_are_only_names():
    form = read(
        """<x:instance><f:trip xmlns:f="http://example.org/trip" o:version="4">
             <f:km/><o:meta><o:instanceID/></o:meta></f:trip></x:instance>
           <x:bind nodeset="/f:trip/f:km" type="t:decimal"/>
           <x:bind nodeset="/f:trip/o:meta/o:instanceID" type="t:string" rosa:preload="uid"/>""",
        '<x:input ref="/f:trip/f:km"><x:label>How far?</x:label></x:input>',
    )
    assert (form.form_id, form.version, form.root) == ("http://example.org/trip", "4", "trip")
    assert form.field("/trip/km").type == "decimal"
    assert form.field("/trip/km").labels == {"": "How far?"}
    assert form.field("/trip/meta/instanceID").type == "string"


def test_relative_references_and_binds_by_id():
    form = read(
        """<x:instance><data id="a"><g><inner><n/></inner><m/></g><k/><q/></data></x:instance>
           <x:bind nodeset="g/inner/n" type="int"/>
           <x:bind id="kk" nodeset="/data/k" type="date" required=" true() "/>""",
        """<x:group ref="g"><x:label>G</x:label>
             <x:group nodeset="inner"><x:input ref="./n"><x:label>N</x:label></x:input>
               <x:input ref="current()/../m"><x:label>M</x:label></x:input></x:group></x:group>
           <x:input bind="kk"><x:label>K</x:label></x:input>
           <hh:div><x:input ref="q"><x:label>Q</x:label></x:input></hh:div>""",
    )
    labels = {field.path: field.labels.get("") for field in form.fields}
    assert labels == {
        "/data/g": "G",
        "/data/g/inner": None,
        "/data/g/inner/n": "N",
        "/data/g/m": "M",
        "/data/k": "K",
        "/data/q": "Q",
    }
    assert form.field("/data/g/inner/n").type == "int"
    assert (form.field("/data/k").type, form.field("/data/k").required) == ("date", "true()")


def test_a_repeat_with_a_template_and_two_first_instances_is_one_field():
    form = read(
        """<x:instance><data id="a"><r rosa:template=""><p/></r><r><p>1</p></r><r><p/><q/></r><e/></data>
           </x:instance>""",
        """<x:group><x:label>Visits</x:label><x:repeat nodeset="/data/r" rosa:count="2">
           <x:input ref="p"/></x:repeat></x:group>""",
    )
    assert [(field.path, field.type) for field in form.fields] == [
        ("/data/r", REPEAT),
        ("/data/r/p", "string"),
        ("/data/r/q", "string"),
        ("/data/e", "string"),
    ]
    assert form.field("/data/r").labels == {"": "Visits"}
    assert form.field("/data/r/p").control == "input"


def test_inline_choices_and_several_controls_for_one_node():
    item = "<x:item><x:label>{0}</x:label><x:value> {0} </x:value></x:item>"
    form = read(
        """<x:instance><data id="a"><b/><c/></data></x:instance>
           <x:instance id="far" src="jr://file/far.xml"/>
           <x:instance id="near"><list><item><v>z</v><l>Zed</l></item></list></x:instance>""",
        f"""<x:select1 ref="/data/b">{item.format("x")}</x:select1><x:select1 ref="/data/b">{item.format("y")}
              <x:itemset nodeset="instance('near')/list/item"><x:value ref="v"/><x:label ref="l"/></x:itemset>
            </x:select1>
            <x:select ref="/data/c">{item.format("x")}</x:select>
            <x:select ref="/data/c">
              <x:itemset nodeset="instance('far')/list/item"><x:value ref="v"/></x:itemset></x:select>""",
    )
    assert {choice.name: choice.labels[""] for choice in form.field("/data/b").choices} == {
        "x": "x",
        "y": "y",
        "z": "Zed",
    }
    assert form.field("/data/c").choices is None
    assert [choice.name for choice in form.field("/data/c").options] == ["x"]


def test_words_media_and_the_first_language_when_none_is_the_default():
    form = read(
        """<x:itext><x:translation lang="fr"><x:text id="q"><x:value form="image">jr://images/q.png</x:value>
             <x:value form="guidance">No</x:value><x:value form="long">Quel <x:output value="/data/a"/> ?</x:value>
           </x:text></x:translation>
           <x:translation lang="en"><x:text id="q"><x:value>Which?</x:value></x:text></x:translation></x:itext>
           <x:instance><data id="a"><a/><b/></data></x:instance>""",
        """<x:input ref="/data/a"><x:label ref="jr:itext('q')"/></x:input>
           <x:input ref="/data/b"><x:label>Same <x:output value="/data/a"/> here</x:label></x:input>""",
    )
    assert form.default_language == "fr"
    assert form.field("/data/a").labels == {"fr": "Quel … ?", "en": "Which?"}
    assert form.field("/data/b").labels == {"fr": "Same … here", "en": "Same … here"}
    assert [(file.name, file.type) for file in form.files] == [("q.png", "image")]


def test_submission_element():
    form = read(
        """<x:instance><data id="a"><g><a/></g></data></x:instance>
           <x:submission action="http://example.org/x" ref="/data/g" base64RsaPublicKey="KEY"
             o:client-editable="true"/>"""
    )
    assert (form.submission_url, form.submission_ref, form.public_key) == ("http://example.org/x", "/data/g", "KEY")
    assert form.client_editable


def test_a_group_of_the_body_without_children_in_the_instance():
    form = read(
        """<x:instance><data id="a"><g/><valid/></data></x:instance>
           <x:bind nodeset="/data/valid" type="string" calculate="'yes'"/>""",
        """<x:group ref="/data/g"><x:label>G</x:label></x:group>
           <x:group ref="/data/valid"><x:label>Shown when valid</x:label></x:group>""",
    )
    assert [(field.path, field.type) for field in form.fields] == [("/data/g", GROUP), ("/data/valid", "string")]


def test_a_form_as_deep_as_is_allowed():
    inside = "<n>" * 190 + "</n>" * 190
    form = read(f'<x:instance><data id="a">{inside}</data></x:instance>')
    assert len(form.fields) == 190

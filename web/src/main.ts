import "./companion";
